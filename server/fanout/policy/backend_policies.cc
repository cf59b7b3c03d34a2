#include "server/fanout/policy/backend_policies.h"

#include <algorithm>
#include <utility>

namespace gather::fanout {
namespace {

using async::Clock;
using Sample = ConcurrencyLimit::Sample;

CircuitBreakerSettings BreakerOf(const PolicySettings& settings) {
  CircuitBreakerSettings breaker = settings.breaker;
  const Clock::duration timeout = settings.section_timeout;
  breaker.stall.unknown = timeout / 2;
  breaker.stall.at_least =
      std::min(breaker.stall.at_least, breaker.stall.unknown);
  breaker.stall.crowd = settings.limit.maximum / 4 * 3;
  breaker.probe_timeout = std::min(breaker.probe_timeout, timeout);
  return breaker;
}

Sample SampleOf(CallResult result) {
  switch (result) {
    case CallResult::kSuccess:
      return Sample::kSuccess;
    case CallResult::kTimeout:
    case CallResult::kNotSent:
    case CallResult::kOverloaded:
      return Sample::kDropped;
    case CallResult::kFailure:
    case CallResult::kCancelled:
      break;
  }
  return Sample::kIgnored;
}

}  // namespace

BackendPolicies::BackendPolicies(const PolicySettings& settings, uint32_t seed,
                                 CircuitBreaker::Listener listener, int loops)
    : settings_(settings),
      limit_(settings.limit),
      breaker_(BreakerOf(settings), seed,
               [this, listener = std::move(listener)](const auto& transition) {
                 if (transition.to == CircuitBreaker::State::kClosed) {
                   limit_.Abandon();
                 }
                 if (listener) listener(transition);
               }),
      hedging_(settings.hedging, loops),
      stale_cache_(settings.stale_answers.enabled
                       ? std::make_unique<StaleCache>(settings.stale_answers)
                       : nullptr) {}

BackendPolicies::Permit BackendPolicies::Enter(Clock::time_point now) {
  const auto place = limit_.TryAcquire(now);
  if (!place) return EnterAsProbe(now);
  const CircuitBreaker::Pass pass = breaker_.Ask(now);
  if (pass.allowed) return {this, *place, pass};
  limit_.Release(*place, Sample::kIgnored, {}, now);
  return Permit(Refusal::kCircuitOpen);
}

BackendPolicies::Permit BackendPolicies::EnterAsProbe(Clock::time_point now) {
  const CircuitBreaker::Pass pass = breaker_.AskForProbe(now);
  if (pass.allowed) return {this, limit_.Acquire(), pass};
  const bool open = breaker_.state() != CircuitBreaker::State::kClosed;
  return Permit(open ? Refusal::kCircuitOpen : Refusal::kConcurrencyLimit);
}

BackendPolicies::Hedge BackendPolicies::TryHedge(Clock::time_point now) {
  if (breaker_.state() != CircuitBreaker::State::kClosed) return {};
  // The last places are for sections that have no call yet.
  if (limit_.in_flight() >= limit_.limit() * int64_t{9} / 10) return {};
  const auto place = limit_.TryAcquire(now);
  if (!place) return {};
  Hedge hedge(this, *place, now);
  if (!hedging_.TrySpend()) return {};
  return hedge;
}

void BackendPolicies::Hedge::Finish(Clock::time_point now) {
  BackendPolicies* policies = std::exchange(policies_, nullptr);
  if (policies == nullptr) return;
  policies->limit_.Release(place_, Sample::kIgnored, {}, now);
}

void BackendPolicies::Permit::Finish(CallResult result, Clock::time_point now) {
  BackendPolicies* policies = std::exchange(policies_, nullptr);
  if (policies == nullptr) return;
  CircuitBreaker& breaker = policies->breaker_;
  const Clock::duration latency = now - pass_.since;
  const bool waited =
      result == CallResult::kTimeout || result == CallResult::kNotSent;
  if (waited && !breaker.IsFairWait(latency)) result = CallResult::kCancelled;
  const Sample sample =
      breaker.IsCurrent(pass_) ? SampleOf(result) : Sample::kIgnored;
  if (result == CallResult::kNotSent) result = CallResult::kCancelled;
  breaker.Tell(pass_, result, now);
  policies->limit_.Release(place_, sample, latency, now);
}

}  // namespace gather::fanout
