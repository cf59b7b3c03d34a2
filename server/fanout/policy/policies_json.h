#ifndef GATHER_SERVER_FANOUT_POLICY_POLICIES_JSON_H_
#define GATHER_SERVER_FANOUT_POLICY_POLICIES_JSON_H_

#include <map>
#include <string>

#include "server/fanout/policy/backend_policies.h"

namespace gather::fanout {

// A file of policies that sets all that one can (policies_file.h), as
// `policies` have it, with a line for each section: LoadPolicies() reads the
// same settings from it.
std::string PoliciesAsJson(
    const std::map<std::string, PolicySettings>& policies);

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_POLICY_POLICIES_JSON_H_
