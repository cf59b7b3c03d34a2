#ifndef GATHER_SERVER_FANOUT_FETCH_H_
#define GATHER_SERVER_FANOUT_FETCH_H_

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/async/clock.h"
#include "server/async/outcome.h"
#include "server/async/task.h"
#include "server/async/timer.h"
#include "server/fanout/fan_out.h"
#include "server/fanout/policy/backend_policies.h"
#include "server/fanout/reason.h"
#include "server/fanout/relay.h"
#include "server/fanout/section.h"
#include "server/fanout/section_stats.h"
#include "server/rpc/backend_channel.h"
#include "server/rpc/call_stats.h"
#include "server/rpc/client_call.h"
#include "server/rpc/method_stub.h"
#include "server/rpc/retry.h"
#include "server/rpc/status.h"

namespace gather::fanout {

// What all loops share of a section's backend.
struct WayToBackend {
  rpc::BackendChannel channel;
  BackendPolicies& policies;
};

// One loop's way to a section's backend, what guards that for all loops, and
// what this one counts.
template <typename S>
class BackendOf {
 public:
  using Wire = typename ReplyTypes<typename S::Reply>::Wire;
  using Stub = rpc::MethodStub<typename S::Request, Wire>;

  explicit BackendOf(const WayToBackend& way)
      : policies(way.policies), channel_(way.channel) {
    MakeStub();
  }

  // For a call that begins now.
  Stub& CurrentStub() {
    if (channel_.generation() != generation_) MakeStub();
    return *stub_;
  }

  BackendPolicies& policies;
  rpc::CallStats calls;
  SectionStats results;

 private:
  void MakeStub() {
    generation_ = channel_.generation();
    stub_.emplace(channel_.Get(), S::kMethod);
  }

  const rpc::BackendChannel channel_;
  std::optional<Stub> stub_;  // of this generation of the channel
  uint32_t generation_ = 0;
};

// A section on its way: what it came to, and its reply where it arrived.
template <typename S>
struct Fetched {
  Landing landing;
  std::optional<typename S::Reply> reply;
};

// Why a reply is not the one that was asked for; none where it is.
template <typename S>
std::optional<Failure> CheckReply(const typename S::Request& request,
                                  const typename S::Reply& reply) {
  if constexpr (IsRelayed<typename S::Reply>) {
    if (!IsReadable(reply)) return FailureFor(Reason::kReplyUnreadable, "");
  }
  if constexpr (ChecksEcho<S>) {
    const Echo echo = S::EchoOf(request, reply);
    if (echo.answered.empty()) return FailureFor(Reason::kReplyMissing, "");
    if (echo.answered != echo.asked) {
      return FailureFor(Reason::kReplyForAnother, "");
    }
  }
  return std::nullopt;
}

// What a call that did not bring a reply means for its section.
template <typename S>
Failure FailureOf(rpc::CallEnd end, const absl::Status& status, bool stopped) {
  if (NotFoundEndsRequest<S>() && absl::IsNotFound(status)) {
    return FailureFor(Reason::kNotFound, rpc::TextOf(status));
  }
  return Classify(end, status, stopped);
}

// Puts a section that was fetched where the answer has it.
template <typename S, typename Section>
void Fill(Fetched<S>& fetched, Section* section) {
  if (!fetched.reply) return;
  if constexpr (IsRelayed<typename S::Reply>) {
    Relay(*std::move(fetched.reply), section);
  } else {
    S::Fill(*std::move(fetched.reply), section);
  }
}

// What a server that failed a call says of trying again.
inline rpc::Pushback PushbackOf(const grpc::ClientContext& context) {
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto said = trailers.find(rpc::Pushback::kKey);
  if (said == trailers.end()) return {};
  return rpc::Pushback::Parse({said->second.data(), said->second.size()});
}

// The section's call, again where that may help.
template <typename S>
async::Task<> Call(FanOut& fan_out, BackendOf<S>& backend,
                   const typename S::Request& request, Fetched<S>& fetched) {
  using Wire = typename BackendOf<S>::Wire;
  const PolicySettings& policy = backend.policies.settings();
  const async::Clock::time_point deadline =
      fan_out.DeadlineFor(policy.section_timeout);
  rpc::Retry retry(policy.retry, backend.policies.retry_budget(), deadline);
  absl::StatusOr<Wire> reply = absl::UnknownError("not called");
  rpc::CallEnd end = rpc::CallEnd::kFailed;
  while (true) {
    rpc::UnaryCall call(fan_out.call.loop(), backend.CurrentStub(),
                        &BackendOf<S>::Stub::PrepareAsync, request,
                        {.deadline = retry.AttemptDeadline(),
                         .stop = fan_out.stop_token(),
                         .stats = &backend.calls});
    fan_out.AddMetadata(call.context());
    fetched.landing.attempts = retry.attempt();
    reply = co_await call;
    end = call.end();
    const auto backoff =
        retry.After(reply.status(),
                    reply.ok() ? rpc::Pushback() : PushbackOf(call.context()));
    if (!backoff) break;
    async::SleepUntil sleep =
        async::SleepFor(fan_out.call.loop(), *backoff, fan_out.stop_token());
    const absl::Status slept = co_await sleep;
    if (!slept.ok()) {
      // Stopped: that is how it ended, not what the last attempt said.
      reply = slept;
      end = rpc::CallEnd::kFailed;
      break;
    }
  }
  if (!reply.ok()) {
    fetched.landing.failure =
        FailureOf<S>(end, reply.status(), fan_out.stopped());
    co_return;
  }
  fetched.reply.emplace(*std::move(reply));
  fetched.landing.failure = CheckReply<S>(request, *fetched.reply);
  if (fetched.landing.failure) fetched.reply.reset();
}

// One branch of the fan-out: gets a section, where its backend's policies allow
// it, and lands it in the sink, whatever comes of it. Nothing that the
// section's own code throws gets further.
template <typename S, typename Overview, typename Sink>
async::Task<> Fetch(FanOut& fan_out, std::size_t section, BackendOf<S>& backend,
                    const Overview& overview, Sink& sink) {
  if (!fan_out.plan.requested.Has(section)) {
    backend.results.OnNotRequested();
    sink.template Skip<S>();
    co_return;
  }
  Fetched<S> fetched;
  Landing& landing = fetched.landing;
  landing.start = async::Clock::now();
  BackendPolicies::Permit permit = backend.policies.Enter(landing.start);
  try {
    if (permit) {
      const typename S::Request request = S::Ask(overview);
      co_await Call(fan_out, backend, request, fetched);
    } else {
      landing.failure = FailureFor(permit.refusal());
    }
  } catch (...) {
    fetched.reply.reset();
    landing.failure =
        FailureFor(Reason::kAggregatorError,
                   rpc::TextOf(async::StatusOf(std::current_exception())));
  }
  const async::Clock::time_point end = async::Clock::now();
  landing.duration = end - landing.start;
  permit.Finish(
      landing.failure ? ResultOf(*landing.failure) : CallResult::kSuccess, end);
  sink.Land(fan_out, section, backend.results, fetched);
}

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_FETCH_H_
