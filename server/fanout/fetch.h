#ifndef GATHER_SERVER_FANOUT_FETCH_H_
#define GATHER_SERVER_FANOUT_FETCH_H_

#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "server/async/clock.h"
#include "server/async/task.h"
#include "server/async/timer.h"
#include "server/fanout/attempt.h"
#include "server/fanout/backend_of.h"
#include "server/fanout/call_scope.h"
#include "server/fanout/landing.h"
#include "server/fanout/policy/backend_policies.h"
#include "server/fanout/reason.h"
#include "server/fanout/relay.h"
#include "server/fanout/section.h"
#include "server/rpc/client_call.h"
#include "server/rpc/retry.h"
#include "server/rpc/spliced.h"
#include "server/rpc/status.h"
#include "server/rpc/time_range.h"

namespace gather::fanout {

// A section on its way: what it came to, and its reply where it arrived.
template <typename S>
struct Fetched {
  Landing landing;
  std::optional<typename S::Reply> reply;
  // When its calls are given up.
  async::Clock::time_point deadline{};
};

// Whether what a decoded reply has of times is in their range.
template <typename Reply>
bool HasReadableTimes(const Reply& reply) {
  // Never destroyed: loops may outlive static objects.
  static const auto& kCheck = *new rpc::TimeCheck(*Reply::descriptor());
  return kCheck.Accepts(reply);
}

// Why a reply is not the one that was asked for; none where it is.
template <typename S>
std::optional<Failure> CheckReply(const typename S::Request& request,
                                  const typename S::Reply& reply) {
  if constexpr (IsRelayed<typename S::Reply>) {
    if (!IsReadable(reply)) return FailureFor(Reason::kReplyUnreadable, "");
  } else {
    if (!HasReadableTimes(reply)) {
      return FailureFor(Reason::kReplyUnreadable, "a time out of range");
    }
  }
  if constexpr (ChecksEcho<S>) {
    const Echo echo = S::EchoOf(request, reply);
    if (echo.answered.empty()) return FailureFor(Reason::kReplyMissing, "");
    if (echo.answered != echo.asked) {
      return FailureFor(Reason::kReplyForAnother, "");
    }
  }
  if constexpr (ChecksReply<S>) {
    const std::optional<Reason> fault = S::FaultIn(request, reply);
    if (fault) return FailureFor(*fault, "not what was asked for");
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
template <typename S, typename Answer>
void Fill(Fetched<S>& fetched, rpc::Spliced<Answer>& answer) {
  if (!fetched.reply) return;
  auto* section = S::In(answer.message());
  if constexpr (IsRelayed<typename S::Reply>) {
    using Section = std::remove_pointer_t<decltype(section)>;
    answer.Splice(FieldOf<S, Answer>(), FieldsFor<Section>(*fetched.reply));
  } else {
    DiscardUnknownGroups(&*fetched.reply);
    S::Fill(*std::move(fetched.reply), section);
  }
}

// The section's call, again where that may help.
template <typename S>
async::Task<> Call(CallScope& scope, BackendOf<S>& backend,
                   const typename S::Request& request, Fetched<S>& fetched) {
  const PolicySettings& policy = backend.policies.settings();
  Hedging& hedging = backend.policies.hedging();
  Landing& landing = fetched.landing;
  rpc::Retry retry(policy.retry, backend.policies.retry_budget(),
                   fetched.deadline);
  AttemptOutcome<S> outcome;
  AttemptKind kind = AttemptKind::kFirst;
  while (true) {
    ++landing.attempts;
    const auto deadline = retry.AttemptDeadline();
    const auto hedge_after = kind == AttemptKind::kFirst && hedging.enabled()
                                 ? hedging.OnCall(async::Clock::now())
                                 : std::nullopt;
    if (hedge_after) {
      async::Task<AttemptOutcome<S>> hedged = CallHedged<S>(
          scope, backend, request, kind, deadline, landing, *hedge_after);
      outcome = co_await std::move(hedged);
    } else {
      Attempt<S> attempt(scope, backend, request, kind, deadline,
                         scope.stop_token());
      auto& call = attempt.call();
      auto reply = co_await call;
      outcome = attempt.OutcomeOf(std::move(reply), landing);
    }
    const auto backoff = retry.After(outcome.reply.status(), outcome.pushback);
    if (!backoff) break;
    async::SleepUntil sleep =
        async::SleepFor(scope.loop(), *backoff, scope.stop_token());
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
        FailureOf<S>(outcome.end, outcome.reply.status(), scope.stopped());
    co_return;
  }
  fetched.reply.emplace(*std::move(outcome.reply));
  landing.failure = CheckReply<S>(request, *fetched.reply);
  if (landing.failure) fetched.reply.reset();
}

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_FETCH_H_
