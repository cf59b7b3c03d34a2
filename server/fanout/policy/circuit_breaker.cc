#include "server/fanout/policy/circuit_breaker.h"

#include <algorithm>
#include <utility>

namespace gather::fanout {

using async::Clock;

CircuitBreaker::CircuitBreaker(const CircuitBreakerSettings& settings,
                               uint32_t seed, Listener listener)
    : settings_(settings),
      listener_(std::move(listener)),
      failures_(settings.window),
      stall_(settings.stall),
      random_(seed),
      backoff_(settings.open_min) {}

CircuitBreaker::Pass CircuitBreaker::Ask(Clock::time_point now) {
  if (state() != State::kClosed) return AskSlow(/*only_probe=*/false, now);
  const Pass pass = AllowClosed(now);
  if (!OpenIfStalled(pass.period, now)) return pass;
  stall_.Unanswered(pass.silence);
  return Refuse();
}

CircuitBreaker::Pass CircuitBreaker::AskForProbe(Clock::time_point now) {
  if (state() != State::kClosed) return AskSlow(/*only_probe=*/true, now);
  stall_.Pass(now);
  OpenIfStalled(period_.load(std::memory_order_relaxed), now);
  return {};
}

bool CircuitBreaker::OpenIfStalled(uint32_t period, Clock::time_point now) {
  if (!settings_.enabled || !stall_.stalled()) return false;
  OpenIf(period, Cause::kStall, now);
  return true;
}

CircuitBreaker::Pass CircuitBreaker::AllowClosed(Clock::time_point now) {
  Pass pass;
  pass.allowed = true;
  pass.period = period_.load(std::memory_order_relaxed);
  pass.silence = stall_.Begin(now);
  pass.since = now;
  return pass;
}

CircuitBreaker::Pass CircuitBreaker::Refuse() {
  refused_.fetch_add(1, std::memory_order_relaxed);
  return {};
}

CircuitBreaker::Pass CircuitBreaker::AskSlow(bool only_probe,
                                             Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (state() == State::kClosed) return only_probe ? Pass() : AllowClosed(now);
  if (state() == State::kHalfOpen) {
    const Clock::time_point given_up = probe_since_ + settings_.probe_timeout;
    if (now < given_up) return Refuse();
    Reopen(Cause::kProbeTimeout, given_up, now);
  }
  if (now < open_until_) return Refuse();
  Enter(State::kHalfOpen, Cause::kBackoffOver, now);
  probe_since_ = now;
  Pass pass;
  pass.allowed = true;
  pass.probe = true;
  pass.period = period_.load(std::memory_order_relaxed);
  pass.probe_number = ++probe_number_;
  pass.since = now;
  return pass;
}

void CircuitBreaker::Tell(const Pass& pass, CallResult result,
                          Clock::time_point now) {
  if (!pass.allowed) return;
  if (result == CallResult::kTimeout && !IsFairWait(now - pass.since)) {
    result = CallResult::kCancelled;
  }
  if (IsCurrent(pass)) {
    TellClosed(pass, result, now);
  } else if (pass.probe || result == CallResult::kSuccess) {
    TellSlow(pass, result, now);
  }
}

void CircuitBreaker::TellClosed(const Pass& pass, CallResult result,
                                Clock::time_point now) {
  if (result == CallResult::kSuccess) {
    stall_.Answered(now - pass.since);
    failures_.Add(now, /*failed=*/false);
    return;
  }
  stall_.Unanswered(pass.silence);
  if (result == CallResult::kCancelled) return;
  failures_.Add(now, /*failed=*/true);
  if (!settings_.enabled) return;
  const FailureWindow::Counts counts = failures_.CountAt(now);
  if (counts.calls >= static_cast<uint32_t>(settings_.minimum_calls) &&
      uint64_t{100} * counts.failures >=
          static_cast<uint64_t>(settings_.failure_percent) * counts.calls) {
    OpenIf(pass.period, Cause::kFailures, now);
  }
}

void CircuitBreaker::TellSlow(const Pass& pass, CallResult result,
                              Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (state() == State::kClosed) return;
  const uint32_t period = period_.load(std::memory_order_relaxed);
  if (pass.probe) {
    if (pass.period == period) OnProbeEnd(pass, result, now);
  } else if (pass.period + 1 == period && opened_for_ == Cause::kStall) {
    Close(now - pass.since, now);
  }
}

void CircuitBreaker::OnProbeEnd(const Pass& pass, CallResult result,
                                Clock::time_point now) {
  if (result == CallResult::kSuccess) {
    Close(now - pass.since, now);
    return;
  }
  if (state() != State::kHalfOpen || pass.probe_number != probe_number_) return;
  if (result != CallResult::kCancelled) {
    Reopen(Cause::kProbeFailed, now, now);
    return;
  }
  open_until_ = now;
  Enter(State::kOpen, Cause::kProbeCancelled, now);
}

void CircuitBreaker::OpenIf(uint32_t period, Cause cause,
                            Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (state() != State::kClosed ||
      period != period_.load(std::memory_order_relaxed)) {
    return;  // another thread was first
  }
  // What closed a moment ago opens again where its back-off was.
  if (now >= calm_from_) backoff_ = settings_.open_min;
  opened_for_ = cause;
  open_until_ = now + Jittered(backoff_);
  period_.store(period + 1, std::memory_order_relaxed);
  Enter(State::kOpen, cause, now);
}

void CircuitBreaker::Reopen(Cause cause, Clock::time_point since,
                            Clock::time_point now) {
  backoff_ = std::min(2 * backoff_, settings_.open_max);
  open_until_ = since + Jittered(backoff_);
  Enter(State::kOpen, cause, now);
}

void CircuitBreaker::Close(Clock::duration latency, Clock::time_point now) {
  if (state() == State::kOpen) Enter(State::kHalfOpen, Cause::kSuccess, now);
  failures_.Clear();
  stall_.Restart(latency);
  calm_from_ = now + settings_.window;
  period_.fetch_add(1, std::memory_order_relaxed);
  Enter(State::kClosed, Cause::kSuccess, now);
}

void CircuitBreaker::Enter(State state, Cause cause, Clock::time_point now) {
  const State from = this->state();
  transitions_[static_cast<std::size_t>(cause)].fetch_add(
      1, std::memory_order_relaxed);
  state_.store(state, std::memory_order_release);
  if (listener_) listener_({from, state, cause, now});
}

Clock::duration CircuitBreaker::Jittered(Clock::duration backoff) {
  const double share = std::uniform_real_distribution(0.5, 1.0)(random_);
  return std::chrono::duration_cast<Clock::duration>(backoff * share);
}

}  // namespace gather::fanout
