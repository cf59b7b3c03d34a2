#include "server/aggregator/service.h"

#include <chrono>
#include <functional>
#include <stop_token>
#include <utility>

#include "server/aggregator/merge.h"
#include "server/aggregator/plan.h"
#include "server/async/clock.h"
#include "server/async/gather.h"
#include "server/rpc/status.h"

namespace gather::aggregator {

using async::Clock;

AggregatorService::AggregatorService(const Channels& channels,
                                     const Timeouts& timeouts,
                                     const rpc::RetryPolicy& retry,
                                     int event_loops)
    : timeouts_(timeouts), retry_(retry) {
  for (int i = 0; i < event_loops; ++i) {
    backends_.push_back(std::make_unique<Backends>(channels));
  }
}

void AggregatorService::AddTo(rpc::Server& server) {
  server.AddUnary("gather.aggregator.v1.AggregatorService/GetOverview",
                  service_, &AsyncService::RequestGetOverview,
                  std::bind_front(&AggregatorService::GetOverview, this));
}

async::Task<grpc::Status> AggregatorService::GetOverview(
    rpc::ServerCall& call, const v1::GetOverviewRequest& request,
    v1::GetOverviewResponse* response) {
  const absl::StatusOr<Plan> plan = MakePlan(request);
  if (!plan.ok()) co_return rpc::ToGrpc(plan.status());

  const Clock::time_point start = Clock::now();
  const auto wall_start = std::chrono::system_clock::now();
  const Clock::time_point deadline =
      BranchDeadline(timeouts_, start, call.deadline());
  if (deadline <= start) {
    co_return grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED,
                           "the deadline had passed on arrival");
  }

  // The caller's going away and a required section's failure both stop all.
  std::stop_source cancel;
  const std::stop_callback caller_gone(call.stop_token(),
                                       [&cancel] { cancel.request_stop(); });

  Backends& backends = *backends_[call.loop_index()];
  const FanOut fan_out{.loop = call.loop(),
                       .request = request,
                       .plan = *plan,
                       .retry = retry_,
                       .deadline = deadline,
                       .stop = cancel.get_token()};
  auto [user, orders, products] =
      co_await async::GatherFailFast(cancel,                           //
                                     Fetch(fan_out, backends.user),    //
                                     Fetch(fan_out, backends.orders),  //
                                     Fetch(fan_out, backends.products));

  if (call.stop_token().stop_requested()) {
    co_return grpc::Status(grpc::StatusCode::CANCELLED, "the caller went away");
  }
  co_return rpc::ToGrpc(Merge({.user = std::move(user),
                               .orders = std::move(orders),
                               .products = std::move(products),
                               .start = start,
                               .end = Clock::now(),
                               .wall_start = wall_start},
                              response));
}

}  // namespace gather::aggregator
