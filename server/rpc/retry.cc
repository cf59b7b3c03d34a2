#include "server/rpc/retry.h"

#include <algorithm>
#include <cstdint>
#include <random>

#include "absl/strings/numbers.h"

namespace gather::rpc {

using async::Clock;

void RetryThrottle::RecordSuccess() {
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

std::optional<Clock::duration> Retry::After(const absl::Status& status,
                                            const Pushback& pushback,
                                            Clock::time_point now) {
  if (status.ok()) {
    throttle_.RecordSuccess();
    return std::nullopt;
  }
  const bool unwanted = !pushback.absent() && !pushback.wait();
  if (!absl::IsUnavailable(status) && !unwanted) return std::nullopt;
  if (!throttle_.RecordFailure() || unwanted ||
      attempt_ >= policy_.max_attempts) {
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
