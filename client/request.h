#ifndef GATHER_CLIENT_REQUEST_H_
#define GATHER_CLIENT_REQUEST_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"

namespace gather::client {

// What to ask for, in the words of the flags of the same names.
struct OverviewFlags {
  std::vector<std::string> sections = {};
  std::vector<std::string> required = {};
  int order_page_size = 0;
  int product_page_size = 0;
  absl::Duration soft_timeout = {};
  absl::Duration max_stale = absl::InfiniteDuration();
};

// The values of --sections, --required, --order_page_size,
// --product_page_size, --soft_timeout and --max_stale.
OverviewFlags ReadOverviewFlags();

// INVALID_ARGUMENT naming the flag where `flags` name a section that `answer`,
// the type of an aggregator's answer, does not have, or require one that they
// leave out.
absl::Status CheckSections(const OverviewFlags& flags,
                           const google::protobuf::Descriptor& answer);

// Fills in a GetOverviewRequest or a StreamOverviewRequest. INVALID_ARGUMENT
// naming the flag where the server would refuse its value.
template <typename Request>
absl::Status FillRequest(const std::string& user_id, const OverviewFlags& flags,
                         Request& request);

}  // namespace gather::client

#endif  // GATHER_CLIENT_REQUEST_H_
