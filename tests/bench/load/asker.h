#ifndef GATHER_TESTS_BENCH_LOAD_ASKER_H_
#define GATHER_TESTS_BENCH_LOAD_ASKER_H_

#include <grpcpp/channel.h>

#include <memory>
#include <stop_token>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "gather/aggregator/v1/aggregator.grpc.pb.h"
#include "server/aggregator/sources.h"
#include "server/async/clock.h"
#include "server/async/event_loop.h"
#include "server/async/task.h"
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

// For an overview: it must be whole, and of the user that was asked for.
struct OverviewQuestion {
  using Stub = aggregator::v1::AggregatorService::Stub;
  using Request = aggregator::v1::GetOverviewRequest;
  using Reply = aggregator::v1::GetOverviewResponse;
  static constexpr auto kCall = &Stub::PrepareAsyncGetOverview;

  static Request MakeRequest(const Request& overview) { return overview; }
  static const std::string& AnsweredFor(const Reply& reply) {
    static const std::string kNobody;
    return reply.complete() ? reply.user().user().id() : kNobody;
  }
};

// Asks as a `Question` says, in the shape of aggregator/sources.h.
template <typename Question>
class StubAsker final : public Asker {
 public:
  StubAsker(const std::shared_ptr<grpc::Channel>& channel,
            const std::string& user_id)
      : stub_(channel), user_id_(user_id) {
    aggregator::v1::GetOverviewRequest overview;
    overview.set_user_id(user_id);
    request_ = Question::MakeRequest(overview);
  }

  async::Task<absl::StatusOr<bool>> Ask(async::EventLoop& loop,
                                        async::Clock::time_point deadline,
                                        std::stop_token stop) override {
    rpc::CallOptions options;
    options.deadline = deadline;
    options.stop = std::move(stop);
    rpc::UnaryCall call(loop, stub_, Question::kCall, request_, options);
    const auto reply = co_await call;
    if (!reply.ok()) co_return reply.status();
    co_return Question::AnsweredFor(*reply) == user_id_;
  }

 private:
  typename Question::Stub stub_;
  const std::string user_id_;
  typename Question::Request request_;
};

}  // namespace gather::bench

#endif  // GATHER_TESTS_BENCH_LOAD_ASKER_H_
