#ifndef GATHER_SERVER_FANOUT_FETCH_H_
#define GATHER_SERVER_FANOUT_FETCH_H_

#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "server/async/clock.h"
#include "server/async/outcome.h"
#include "server/async/task.h"
#include "server/async/timer.h"
#include "server/fanout/attempt.h"
#include "server/fanout/backend_of.h"
#include "server/fanout/fan_out.h"
#include "server/fanout/landing.h"
#include "server/fanout/policy/backend_policies.h"
#include "server/fanout/reason.h"
#include "server/fanout/relay.h"
#include "server/fanout/section.h"
#include "server/rpc/client_call.h"
#include "server/rpc/retry.h"
#include "server/rpc/status.h"

namespace gather::fanout {

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

// The section's call, again where that may help.
template <typename S>
async::Task<> Call(FanOut& fan_out, BackendOf<S>& backend,
                   const typename S::Request& request, Fetched<S>& fetched) {
  const PolicySettings& policy = backend.policies.settings();
  Hedging& hedging = backend.policies.hedging();
  Landing& landing = fetched.landing;
  rpc::Retry retry(policy.retry, backend.policies.retry_budget(),
                   fan_out.DeadlineFor(policy.section_timeout));
  AttemptOutcome<S> outcome;
  AttemptKind kind = AttemptKind::kFirst;
  while (true) {
    ++landing.attempts;
    const auto deadline = retry.AttemptDeadline();
    const auto hedge_after = kind == AttemptKind::kFirst && hedging.enabled()
                                 ? hedging.OnCall(async::Clock::now())
                                 : std::nullopt;
    if (hedge_after) {
      HedgedAttempt<S> attempt(fan_out, backend, request, kind, deadline,
                               landing);
      async::Task<AttemptOutcome<S>> run = attempt.Run(*hedge_after);
      outcome = co_await std::move(run);
    } else {
      Attempt<S> attempt(fan_out, backend, request, kind, deadline,
                         fan_out.stop_token());
      auto& call = attempt.call();
      auto reply = co_await call;
      outcome = attempt.OutcomeOf(std::move(reply), landing);
    }
    const auto backoff = retry.After(outcome.reply.status(), outcome.pushback);
    if (!backoff) break;
    async::SleepUntil sleep =
        async::SleepFor(fan_out.call.loop(), *backoff, fan_out.stop_token());
    const absl::Status slept = co_await sleep;
    if (!slept.ok()) {
      // Stopped: that is how it ended, not what the last attempt said.
      outcome.reply = slept;
      outcome.end = rpc::CallEnd::kFailed;
      break;
    }
    kind = AttemptKind::kRetry;
    if (hedging.enabled()) hedging.Spend();
  }
  if (!outcome.reply.ok()) {
    landing.failure =
        FailureOf<S>(outcome.end, outcome.reply.status(), fan_out.stopped());
    co_return;
  }
  fetched.reply.emplace(*std::move(outcome.reply));
  landing.failure = CheckReply<S>(request, *fetched.reply);
  if (landing.failure) fetched.reply.reset();
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
