#ifndef GATHER_SERVER_AGGREGATOR_OVERVIEW_H_
#define GATHER_SERVER_AGGREGATOR_OVERVIEW_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gather/aggregator/v1/aggregator.pb.h"
#include "server/aggregator/sections/orders.h"
#include "server/aggregator/sections/products.h"
#include "server/aggregator/sections/purchases.h"
#include "server/aggregator/sections/user.h"
#include "server/fanout/section.h"

namespace gather::aggregator {

// The product: all there is to know about a user. This list of sections is the
// only one; server/fanout/section.h says what a section has to say.
struct Overview {
  static constexpr char kSubject[] = "user";
  using Request = v1::GetOverviewRequest;
  using Response = v1::GetOverviewResponse;
  using Part = v1::StreamOverviewResponse;
  using Sections = fanout::SectionList<User, Orders, Products, Purchases>;

  // INVALID_ARGUMENT, naming the field, where the request is not as the
  // contract says.
  static absl::Status Check(const Request& request);

  // `required_mask`, and what the deprecated `required_sections` adds to it.
  static std::vector<std::string> RequiredPaths(const Request& request);
};

}  // namespace gather::aggregator

#endif  // GATHER_SERVER_AGGREGATOR_OVERVIEW_H_
