#include "server/rpc/retry.h"

#include <algorithm>

namespace gather::rpc {

void RetryThrottle::RecordSuccess() {
  tokens_ = std::min(kMaxTokens, tokens_ + 0.1);
}

bool RetryThrottle::RecordFailure() {
  tokens_ = std::max(0.0, tokens_ - 1);
  return tokens_ > kMaxTokens / 2;
}

std::optional<async::Clock::duration> Retry::After(const absl::Status& status) {
  if (status.code() != absl::StatusCode::kUnavailable) {
    if (status.ok()) throttle_.RecordSuccess();
    return std::nullopt;
  }
  if (!throttle_.RecordFailure() || attempt_ >= policy_.max_attempts) {
    return std::nullopt;
  }
  const auto now = async::Clock::now();
  // Any seed will do that differs between calls.
  std::minstd_rand random(
      static_cast<unsigned>(now.time_since_epoch().count()) | 1U);
  const double share = std::uniform_real_distribution(0.5, 1.0)(random);
  const auto backoff = std::chrono::duration_cast<async::Clock::duration>(
      policy_.initial_backoff * (1 << (attempt_ - 1)) * share);
  if (now + backoff >= deadline_) return std::nullopt;
  ++attempt_;
  return backoff;
}

}  // namespace gather::rpc
