#ifndef GATHER_TESTS_BENCH_LOAD_ASKER_H_
#define GATHER_TESTS_BENCH_LOAD_ASKER_H_

#include <grpcpp/channel.h>

#include <memory>
#include <stop_token>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "gather/aggregator/v1/aggregator.pb.h"
#include "server/async/clock.h"
#include "server/async/event_loop.h"
#include "server/async/task.h"
#include "server/fanout/backend_of.h"
#include "server/fanout/section.h"
#include "server/rpc/client_call.h"

namespace gather::bench {

// One connection that asks a server the same over and over.
class Asker {
 public:
  virtual ~Asker() = default;
  // Why the call failed, or whether the answer was the right one. Must outlive
  // the task.
  virtual async::Task<absl::StatusOr<bool>> Ask(
      async::EventLoop& loop, async::Clock::time_point deadline,
      std::stop_token stop) = 0;
};

// An overview, in the shape of a section: it must be complete.
struct WholeOverview {
  static constexpr char kMethod[] =
      "gather.aggregator.v1.AggregatorService/GetOverview";
  using Request = aggregator::v1::GetOverviewRequest;
  using Reply = aggregator::v1::GetOverviewResponse;

  static Request Ask(const Request& overview) { return overview; }
  static fanout::Echo EchoOf(const Request& request, const Reply& reply) {
    if (!reply.complete()) return {};
    return {.asked = request.user_id(), .answered = reply.user().user().id()};
  }
};

// As whole as it can be while the products' backend hangs.
struct WithoutProducts : WholeOverview {
  static fanout::Echo EchoOf(const Request& request, const Reply& reply) {
    if (reply.orders().status().state() != fanout::v1::SECTION_STATE_OK) {
      return {};
    }
    return {.asked = request.user_id(), .answered = reply.user().user().id()};
  }
};

// Asks what a section asks (server/fanout/section.h): the reply must be for the
// user that was asked for.
template <typename S>
class SectionAsker final : public Asker {
 public:
  SectionAsker(const std::shared_ptr<grpc::Channel>& channel,
               const aggregator::v1::GetOverviewRequest& overview)
      : stub_(channel, S::kMethod), request_(S::Ask(overview)) {}

  async::Task<absl::StatusOr<bool>> Ask(async::EventLoop& loop,
                                        async::Clock::time_point deadline,
                                        std::stop_token stop) override {
    rpc::CallOptions options;
    options.deadline = deadline;
    options.stop = std::move(stop);
    rpc::UnaryCall call(loop, stub_, &Stub::PrepareAsync, request_, options);
    auto wire = co_await call;
    if (!wire.ok()) co_return wire.status();
    const typename S::Reply reply(*std::move(wire));
    const fanout::Echo echo = S::EchoOf(request_, reply);
    co_return !echo.answered.empty() && echo.answered == echo.asked;
  }

 private:
  using Stub = typename fanout::BackendOf<S>::Stub;

  Stub stub_;
  const typename S::Request request_;
};

}  // namespace gather::bench

#endif  // GATHER_TESTS_BENCH_LOAD_ASKER_H_
