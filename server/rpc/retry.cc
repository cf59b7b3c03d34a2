#include "server/rpc/retry.h"

#include <algorithm>
#include <cstdint>
#include <random>

#include "absl/strings/numbers.h"

namespace gather::rpc {

using async::Clock;

void RetryThrottle::RecordSuccess(Clock::duration latency) {
  constexpr int kMeanOver = 100;
  const Clock::rep mean = mean_latency_.load(std::memory_order_relaxed);
  const Clock::rep next =
      mean == 0 ? latency.count() : mean + (latency.count() - mean) / kMeanOver;
  // Two threads at a time lose one of two samples: the mean is one of many.
  mean_latency_.store(std::max<Clock::rep>(next, 1), std::memory_order_relaxed);
  int tokens = tokens_.load(std::memory_order_relaxed);
  while (tokens < kMaxTokens &&
         !tokens_.compare_exchange_weak(tokens,
                                        std::min(kMaxTokens, tokens + kSuccess),
                                        std::memory_order_relaxed)) {
  }
}

bool RetryThrottle::RecordFailure() {
  int tokens = tokens_.load(std::memory_order_relaxed);
  int left = 0;
  do {
    left = std::max(0, tokens - kFailure);
  } while (
      !tokens_.compare_exchange_weak(tokens, left, std::memory_order_relaxed));
  return left > kMaxTokens / 2;
}

Pushback Pushback::Parse(absl::string_view value) {
  Pushback pushback;
  pushback.said_ = true;
  int32_t wait = 0;
  if (absl::SimpleAtoi(value, &wait) && wait >= 0) {
    pushback.wait_ = std::chrono::milliseconds(wait);
  }
  return pushback;
}

bool RetryThrottle::TryReserve() {
  const int before = reserved_.fetch_add(kFailure, std::memory_order_relaxed);
  const int free = tokens_.load(std::memory_order_relaxed) - before;
  if (free - kFailure > kMaxTokens / 2) return true;
  Unreserve();
  return false;
}

Clock::time_point Retry::AttemptDeadline(Clock::time_point now) {
  EndAttempt();
  attempt_start_ = now;
  const Clock::duration mean = throttle_.mean_latency();
  const auto timeout = std::max<Clock::duration>(policy_.attempt_timeout,
                                                 policy_.attempt_factor * mean);
  if (policy_.attempt_timeout.count() == 0 || mean == Clock::duration::zero() ||
      attempt_ >= policy_.max_attempts || timeout >= deadline_ - now ||
      !throttle_.TryReserve()) {
    return deadline_;
  }
  // The other side has the deadline, too, and may be first to say so.
  give_up_from_ = now + timeout - timeout / 8;
  return now + timeout;
}

void Retry::EndAttempt() {
  if (give_up_from_ == Clock::time_point::max()) return;
  give_up_from_ = Clock::time_point::max();
  throttle_.Unreserve();
}

bool Retry::WasGivenUp(const absl::Status& status,
                       Clock::time_point now) const {
  return absl::IsDeadlineExceeded(status) && now >= give_up_from_;
}

std::optional<Clock::duration> Retry::After(const absl::Status& status,
                                            const Pushback& pushback,
                                            Clock::time_point now) {
  const bool given_up = WasGivenUp(status, now);
  EndAttempt();
  if (status.ok()) {
    throttle_.RecordSuccess(now - attempt_start_);
    return std::nullopt;
  }
  const bool unwanted = !pushback.absent() && !pushback.wait();
  if (!absl::IsUnavailable(status) && !given_up && !unwanted) {
    return std::nullopt;
  }
  const bool has_token = throttle_.RecordFailure() || given_up;
  if (!has_token || unwanted || attempt_ >= policy_.max_attempts) {
    return std::nullopt;
  }
  const Clock::duration backoff =
      pushback.absent() ? Backoff(now) : Clock::duration(*pushback.wait());
  if (now + backoff >= deadline_) return std::nullopt;
  backoffs_ = pushback.absent() ? backoffs_ + 1 : 0;
  ++attempt_;
  return backoff;
}

Clock::duration Retry::Backoff(Clock::time_point now) const {
  // Any seed will do that differs between calls.
  std::minstd_rand random(
      static_cast<unsigned>(now.time_since_epoch().count()) | 1U);
  const double share = std::uniform_real_distribution(0.5, 1.0)(random);
  return std::chrono::duration_cast<Clock::duration>(
      policy_.initial_backoff * (1 << std::min(backoffs_, 20)) * share);
}

}  // namespace gather::rpc
