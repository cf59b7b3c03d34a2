#ifndef GATHER_SERVER_FANOUT_POLICY_POLICIES_FILE_H_
#define GATHER_SERVER_FANOUT_POLICY_POLICIES_FILE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/fanout/policy/backend_policies.h"

namespace gather::fanout {

// Reads a file of gather.fanout.v1.Policies in protobuf's JSON form: the
// settings of each of `sections`, by name. What the file leaves out is as in
// `base`.
//
// An error is one line that opens with `path` and, unless the file can't be
// read or holds no JSON, goes on with the path of what is wrong in it:
//   policies.json: sections.orders.circuitBreaker.failurePercent: 0 is not from
//   1 to 100
absl::StatusOr<std::map<std::string, PolicySettings>> LoadPolicies(
    const std::string& path, const std::vector<std::string>& sections,
    const PolicySettings& base = {});

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_POLICY_POLICIES_FILE_H_
