#ifndef GATHER_SERVER_FANOUT_ATTEMPT_H_
#define GATHER_SERVER_FANOUT_ATTEMPT_H_

#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/async/clock.h"
#include "server/async/first_of.h"
#include "server/async/linked_stop.h"
#include "server/async/task.h"
#include "server/async/timer.h"
#include "server/fanout/backend_of.h"
#include "server/fanout/call_scope.h"
#include "server/fanout/landing.h"
#include "server/fanout/policy/call_result.h"
#include "server/fanout/spans.h"
#include "server/rpc/channel_pool.h"
#include "server/rpc/client_call.h"
#include "server/rpc/retry.h"

namespace gather::fanout {

// What an attempt came to.
template <typename S>
struct AttemptOutcome {
  absl::StatusOr<typename BackendOf<S>::Wire> reply =
      absl::UnknownError("not called");
  rpc::CallEnd end = rpc::CallEnd::kFailed;
  rpc::Pushback pushback;
};

// One call to a section's backend, with all that goes with it.
//
//   Attempt<S> attempt(scope, backend, request, kind, deadline, stop);
//   auto& call = attempt.call();  // named: decisions/0016-gcc-12-coroutines.md
//   auto reply = co_await call;
//   AttemptOutcome<S> outcome = attempt.OutcomeOf(std::move(reply), landing);
//
// Thread: the loop's. Lifetime: what it is given outlives it.
template <typename S>
class Attempt {
 public:
  using Backend = BackendOf<S>;
  using Request = typename S::Request;
  using Reply = absl::StatusOr<typename Backend::Wire>;

  Attempt(CallScope& scope, Backend& backend, const Request& request,
          AttemptKind kind, async::Clock::time_point deadline,
          std::stop_token stop)
      : scope_(scope),
        backend_(backend),
        kind_(kind),
        lease_(backend.channels.Take()),
        call_(
            scope.loop(), backend.StubFor(lease_), &Backend::Stub::PrepareAsync,
            request,
            {.deadline = deadline,
             .stop = std::move(stop),
             .stats = &backend.calls,
             .send_wait = lease_.crowded() ? &backend.stream_wait : nullptr}) {
    span_ = scope.AddMetadata(call_.context());
  }

  auto& call() { return call_; }

  // Once the call has been awaited. The one attempt that succeeds at once is
  // told of by the landing itself, and any other noted there; `lost` says that
  // another one has won.
  AttemptOutcome<S> OutcomeOf(Reply reply, Landing& landing,
                              bool lost = false) {
    const bool ok = reply.ok();
    if (backend_.policies.hedging().enabled()) TellLatency(reply.status());
    if (landing.span != 0) RecordSpan(reply.status(), landing);
    if (!ok || landing.attempts > 1) {
      Note(reply.status().code(), ok && !lost, landing);
    }
    return {.reply = std::move(reply),
            .end = call_.end(),
            .pushback = ok ? rpc::Pushback() : PushbackOf(call_.context())};
  }

 private:
  using Call =
      rpc::UnaryCall<typename Backend::Stub, Request, typename Backend::Wire>;

  // What a server that failed a call says of trying again.
  static rpc::Pushback PushbackOf(const grpc::ClientContext& context) {
    const auto& trailers = context.GetServerTrailingMetadata();
    const auto said = trailers.find(rpc::Pushback::kKey);
    if (said == trailers.end()) return {};
    return rpc::Pushback::Parse({said->second.data(), said->second.size()});
  }

  // One that lost to a hedge, or to a soft timeout, would have taken even
  // longer. Left out, those would be missing at the slow end, and the
  // percentile would fall.
  void TellLatency(const absl::Status& status) {
    const bool stopped = scope_.stopped() && !scope_.stopped_early();
    const bool cut_off = absl::IsCancelled(status) && !stopped &&
                         call_.end() != rpc::CallEnd::kAnswered;
    if (!status.ok() && !cut_off) return;
    backend_.policies.hedging().OnLatency(
        scope_.loop_index(), call_.end_at() - call_.start(), call_.end_at());
  }

  void Note(absl::StatusCode code, bool won, Landing& landing) {
    landing.attempts_log.push_back({.kind = kind_,
                                    .start = call_.start(),
                                    .duration = call_.end_at() - call_.start(),
                                    .code = code,
                                    .won = won,
                                    .address = call_.context().peer()});
  }

  // A child of the section's span, and the parent of the backend's own.
  void RecordSpan(const absl::Status& status, const Landing& landing) {
    RecordAttempt(scope_.call_trace(), kind_,
                  {.id = span_,
                   .parent = landing.span,
                   .method = S::kMethod,
                   .start = call_.start(),
                   .end = call_.end_at(),
                   .status = status,
                   .peer = call_.context().peer()});
  }

  CallScope& scope_;
  Backend& backend_;
  const AttemptKind kind_;
  const rpc::ChannelPool::Lease lease_;
  Call call_;
  rpc::SpanId span_ = 0;  // what the backend is told; 0 where nothing is
};

// An attempt that a second joins, the hedge, where it takes unusually long: the
// first answer of the two counts, and the other call is cancelled and awaited.
//
//   HedgedAttempt<S> attempt(scope, backend, request, kind, deadline,
//                            landing);
//   AttemptOutcome<S> outcome = co_await attempt.Run(delay);
//
// Thread: the loop's. Lifetime: what it is given outlives it, and it the await.
template <typename S>
class HedgedAttempt {
 public:
  HedgedAttempt(CallScope& scope, BackendOf<S>& backend,
                const typename S::Request& request, AttemptKind kind,
                async::Clock::time_point deadline, Landing& landing)
      : scope_(scope),
        backend_(backend),
        request_(request),
        kind_(kind),
        deadline_(deadline),
        landing_(landing),
        stop_(scope.stop_token()),
        waiting_(stop_.token()) {}

  async::Task<AttemptOutcome<S>> Run(async::Clock::duration delay) {
    auto both = async::FirstSuccess(stop_.source(), First(), Hedge(delay));
    const async::FirstOf<absl::Status> first = co_await both;
    // Of this server's own, as it would be without a hedge.
    if (!first.winner && !first_ended_) {
      throw std::runtime_error(std::string(first.outcomes[0].message()));
    }
    // Where neither got an answer, what the first came to says more.
    co_return std::move(first.winner.value_or(0) == 0 ? first_ : hedge_);
  }

 private:
  // OK where it ends both: with a reply, or an answer about the request.
  async::Task<absl::Status> First() {
    // Not hedged any more where it failed: that is a retry's matter.
    const async::StopAtEnd no_hedge(waiting_.source());
    Attempt<S> attempt(scope_, backend_, request_, kind_, deadline_,
                       stop_.token());
    auto& call = attempt.call();
    auto reply = co_await call;
    first_ = attempt.OutcomeOf(std::move(reply), landing_, decided());
    first_ended_ = true;
    co_return StatusOf(first_);
  }

  async::Task<absl::Status> Hedge(async::Clock::duration delay) {
    async::SleepUntil sleep =
        async::SleepFor(scope_.loop(), delay, waiting_.token());
    const absl::Status slept = co_await sleep;
    if (!slept.ok()) co_return slept;
    BackendPolicies::Hedge permit =
        backend_.policies.TryHedge(async::Clock::now());
    if (!permit) co_return absl::ResourceExhaustedError("not hedged");
    ++landing_.attempts;
    Attempt<S> attempt(scope_, backend_, request_, AttemptKind::kHedge,
                       deadline_, stop_.token());
    auto& call = attempt.call();
    auto reply = co_await call;
    hedge_ = attempt.OutcomeOf(std::move(reply), landing_, decided());
    permit.Finish(async::Clock::now());
    const absl::Status status = StatusOf(hedge_);
    backend_.results.OnHedge(/*won=*/status.ok());
    co_return status;
  }

  // One of the two has ended both.
  bool decided() const { return stop_.token().stop_requested(); }

  static absl::Status StatusOf(const AttemptOutcome<S>& outcome) {
    const absl::Status& status = outcome.reply.status();
    const bool answered = outcome.end == rpc::CallEnd::kAnswered &&
                          ResultOf(status.code()) == CallResult::kSuccess;
    return answered ? absl::OkStatus() : status;
  }

  CallScope& scope_;
  BackendOf<S>& backend_;
  const typename S::Request& request_;
  const AttemptKind kind_;
  const async::Clock::time_point deadline_;
  Landing& landing_;
  async::LinkedStop stop_;     // of both calls
  async::LinkedStop waiting_;  // of the wait before the hedge
  bool first_ended_ = false;
  AttemptOutcome<S> first_;
  AttemptOutcome<S> hedge_;
};

// Runs a HedgedAttempt in a coroutine of its own: in that of its caller, every
// call that waits would have room for one, hedged or not.
template <typename S>
async::Task<AttemptOutcome<S>> CallHedged(
    CallScope& scope, BackendOf<S>& backend, const typename S::Request& request,
    AttemptKind kind, async::Clock::time_point deadline, Landing& landing,
    async::Clock::duration delay) {
  HedgedAttempt<S> attempt(scope, backend, request, kind, deadline, landing);
  async::Task<AttemptOutcome<S>> run = attempt.Run(delay);
  AttemptOutcome<S> outcome = co_await std::move(run);
  co_return outcome;
}

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_ATTEMPT_H_
