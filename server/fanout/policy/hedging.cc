#include "server/fanout/policy/hedging.h"

#include <algorithm>

namespace gather::fanout {
namespace {

using async::Clock;

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr int kToken = 100;
// Adding up the histograms of all loops takes some microseconds.
constexpr std::chrono::milliseconds kUpdatePeriod(100);

}  // namespace

Hedging::Hedging(const HedgingSettings& settings, int loops)
    : settings_(settings) {
  if (!settings.enabled) return;
  for (int i = 0; i < loops; ++i) histograms_.emplace_back();
}

std::optional<Clock::duration> Hedging::OnCall(Clock::time_point now) {
  int tokens = tokens_.load(kRelaxed);
  while (tokens < kMostTokens * kToken &&
         !tokens_.compare_exchange_weak(
             tokens,
             std::min(tokens + settings_.budget_percent, kMostTokens * kToken),
             kRelaxed)) {
  }
  UpdateDelay(now);
  const Clock::duration delay = this->delay();
  if (delay == Clock::duration::zero()) return std::nullopt;
  return delay;
}

void Hedging::UpdateDelay(Clock::time_point now) {
  const Clock::rep ticks = now.time_since_epoch().count();
  Clock::rep due = next_update_.load(kRelaxed);
  const Clock::rep next = ticks + Clock::duration(kUpdatePeriod).count();
  const bool known = delay() != Clock::duration::zero();
  if (known && (ticks < due ||
                !next_update_.compare_exchange_strong(due, next, kRelaxed))) {
    return;
  }
  LatencyHistogram::Counts counts{};
  for (const LatencyHistogram& histogram : histograms_) {
    histogram.AddTo(counts);
  }
  const auto quantile = LatencyHistogram::Quantile(
      counts, settings_.percentile / 100.0, kMinimumCalls);
  const Clock::duration delay = quantile
                                    ? std::max(*quantile, settings_.min_delay)
                                    : Clock::duration::zero();
  delay_.store(delay.count(), kRelaxed);
}

void Hedging::OnLatency(int loop, Clock::duration latency,
                        Clock::time_point now) {
  if (!enabled()) return;
  histograms_[static_cast<std::size_t>(loop)].Add(latency, now);
}

bool Hedging::TrySpend() {
  int tokens = tokens_.load(kRelaxed);
  while (tokens >= kToken) {
    if (tokens_.compare_exchange_weak(tokens, tokens - kToken, kRelaxed)) {
      return true;
    }
  }
  return false;
}

void Hedging::Spend() {
  int tokens = tokens_.load(kRelaxed);
  while (tokens > 0 && !tokens_.compare_exchange_weak(
                           tokens, std::max(tokens - kToken, 0), kRelaxed)) {
  }
}

}  // namespace gather::fanout
