#ifndef GATHER_SERVER_AGGREGATOR_FETCH_H_
#define GATHER_SERVER_AGGREGATOR_FETCH_H_

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gather/aggregator/v1/aggregator.pb.h"
#include "server/aggregator/failure.h"
#include "server/aggregator/plan.h"
#include "server/aggregator/section.h"
#include "server/aggregator/section_stats.h"
#include "server/async/clock.h"
#include "server/async/task.h"
#include "server/async/timer.h"
#include "server/rpc/call_stats.h"
#include "server/rpc/client_call.h"
#include "server/rpc/retry.h"
#include "server/rpc/server_call.h"
#include "server/rpc/status.h"

namespace gather::aggregator {

// One loop's way to a section's backend, and what it counts.
template <typename Source>
struct Backend {
  explicit Backend(const std::shared_ptr<grpc::ChannelInterface>& channel)
      : stub(channel) {}

  typename Source::Stub stub;
  rpc::RetryThrottle throttle;
  rpc::CallStats calls;
  SectionStats results;
};

// What the branches of one fan-out share.
struct FanOut {
  rpc::ServerCall& call;
  const v1::GetOverviewRequest& request;
  const Plan& plan;
  const rpc::RetryPolicy& retry;
  async::Clock::time_point deadline;
  std::stop_token stop;
  // Of the caller's metadata, what goes on to the backends.
  const std::vector<std::string>& forwarded_keys;

  // Whether a section that failed so ends the whole request.
  template <typename Source>
  bool EndsRequest(const absl::Status& status) const {
    return plan.required.Has(Source::kSection) ||
           (Source::kNotFoundEnds && absl::IsNotFound(status));
  }
};

// OK if the reply can be read and is the one that was asked for.
template <typename Source>
absl::Status CheckReply(const typename Source::Request& request,
                        const typename Source::Reply& reply) {
  if (!Source::Readable(reply)) return rpc::UnreadableReply();
  const std::string& answered_for = Source::AnsweredFor(reply);
  if (answered_for == request.user_id()) return absl::OkStatus();
  return answered_for.empty()
             ? rpc::WithReason(absl::InternalError("empty reply"),
                               kReplyMissing)
             : rpc::WithReason(absl::InternalError("misdirected reply"),
                               kReplyForAnotherUser);
}

// What a call that failed is to be known as.
template <typename Source>
absl::Status NameFailure(const FanOut& fan_out, absl::Status status) {
  if (absl::IsCancelled(status) && fan_out.stop.stop_requested()) {
    return rpc::WithReason(std::move(status), kCancelled);
  }
  if (Source::kNotFoundEnds && absl::IsNotFound(status)) {
    return rpc::WithReason(std::move(status), kUserNotFound);
  }
  return status;
}

// What a branch comes to by how its last call ended: a reply that is not the
// one asked for is a failure like any other.
template <typename Source>
BranchResult<typename Source::Reply> Conclude(
    const FanOut& fan_out, const typename Source::Request& request,
    SectionResult<typename Source::Reply> result) {
  absl::Status outcome =
      result.reply.ok() ? CheckReply<Source>(request, *result.reply)
                        : NameFailure<Source>(fan_out, result.reply.status());
  if (outcome.ok()) return result;
  if (fan_out.template EndsRequest<Source>(outcome)) return outcome;
  result.reply = std::move(outcome);
  return result;
}

// Adds what goes with a branch's call: a span of its own, and what is forwarded
// of the caller's metadata.
void AddMetadata(const FanOut& fan_out, grpc::ClientContext& call);

// Counts what a branch came to, and notes it for the request's log line.
void Record(const FanOut& fan_out, v1::Section section,
            async::Clock::duration took, const absl::Status& outcome,
            SectionStats& results);

// One branch of the fan-out: calls a section's backend, again where that may
// help, and checks what comes back.
template <typename Source>
async::Task<BranchResult<typename Source::Reply>> Fetch(
    const FanOut& fan_out, Backend<Source>& backend) {
  SectionResult<typename Source::Reply> result;
  if (!fan_out.plan.requested.Has(Source::kSection)) {
    backend.results.OnNotRequested();
    co_return result;
  }
  const typename Source::Request request = Source::MakeRequest(fan_out.request);
  rpc::Retry retry(fan_out.retry, backend.throttle, fan_out.deadline);
  result.start = async::Clock::now();
  while (true) {
    rpc::UnaryCall call(fan_out.call.loop(), backend.stub, Source::kCall,
                        request,
                        {.deadline = fan_out.deadline,
                         .stop = fan_out.stop,
                         .stats = &backend.calls});
    AddMetadata(fan_out, call.context());
    result.reply = co_await call;
    const auto backoff = retry.After(result.reply.status());
    if (!backoff) break;
    async::SleepUntil sleep =
        async::SleepFor(fan_out.call.loop(), *backoff, fan_out.stop);
    const absl::Status slept = co_await sleep;
    if (!slept.ok()) {
      // Stopped: that is how it ended, not what the last attempt said.
      result.reply = slept;
      break;
    }
  }
  result.duration = async::Clock::now() - result.start;
  result.attempts = retry.attempt();

  const async::Clock::duration took = result.duration;
  BranchResult<typename Source::Reply> branch =
      Conclude<Source>(fan_out, request, std::move(result));
  Record(fan_out, Source::kSection, took,
         branch.ok() ? branch->reply.status() : branch.status(),
         backend.results);
  co_return branch;
}

}  // namespace gather::aggregator

#endif  // GATHER_SERVER_AGGREGATOR_FETCH_H_
