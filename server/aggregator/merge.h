#ifndef GATHER_SERVER_AGGREGATOR_MERGE_H_
#define GATHER_SERVER_AGGREGATOR_MERGE_H_

#include <chrono>

#include "absl/status/status.h"
#include "gather/aggregator/v1/aggregator.pb.h"
#include "server/aggregator/plan.h"
#include "server/aggregator/section.h"
#include "server/aggregator/sources.h"
#include "server/async/clock.h"

namespace gather::aggregator {

// What the three branches of a fan-out came to, and when it ran.
struct FanOutResult {
  BranchResult<UserSource::Reply> user;
  BranchResult<OrdersSource::Reply> orders;
  BranchResult<ProductsSource::Reply> products;

  async::Clock::time_point start;
  async::Clock::time_point end;
  // `start` on the wall's clock.
  std::chrono::system_clock::time_point wall_start;
};

// Makes one answer of three: pure, knows no RPC.
//
// Not OK where the request as a whole fails: with the code of the section that
// ended it, or, where every requested section failed, with their common code,
// or UNAVAILABLE where they have none in common. `response` is then
// unspecified. Takes the payloads out of `result`.
absl::Status Merge(FanOutResult result, v1::GetOverviewResponse* response);

}  // namespace gather::aggregator

#endif  // GATHER_SERVER_AGGREGATOR_MERGE_H_
