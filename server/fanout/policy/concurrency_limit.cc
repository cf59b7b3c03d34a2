#include "server/fanout/policy/concurrency_limit.h"

#include <algorithm>
#include <cmath>

namespace gather::fanout {
namespace {

using async::Clock;

// A window that gets few samples is judged after so many times its length.
constexpr int kLongestWindow = 10;
// The squares of latencies are summed in 2^18 ticks each, a quarter of a
// millisecond: in ticks, one of 3 s would be all that the sum can hold.
constexpr int kSquareShift = 18;
// The share of a limit that has to be in use to raise it by trial.
constexpr double kMostlyUsed = 0.9;

int64_t TicksOf(Clock::time_point when) {
  return when.time_since_epoch().count();
}

}  // namespace

ConcurrencyLimit::ConcurrencyLimit(const ConcurrencyLimitSettings& settings)
    : settings_(settings),
      limit_(settings.maximum),
      exact_limit_(settings.maximum),
      gradient_(
          {.tolerance = settings.tolerance,
           .min_latency = static_cast<double>(settings.min_latency.count())}) {}

std::optional<ConcurrencyLimit::Place> ConcurrencyLimit::TryAcquire(
    Clock::time_point now) {
  std::optional<Place> place = TakePlace();
  if (!place && Forget(now)) place = TakePlace();
  if (place) return place;
  last_pressure_.store(TicksOf(now), std::memory_order_relaxed);
  refused_.fetch_add(1, std::memory_order_relaxed);
  return std::nullopt;
}

ConcurrencyLimit::Place ConcurrencyLimit::Acquire() {
  return {GenerationOf(taken_.fetch_add(1, std::memory_order_relaxed))};
}

std::optional<ConcurrencyLimit::Place> ConcurrencyLimit::TakePlace() {
  uint64_t taken = taken_.load(std::memory_order_relaxed);
  do {
    if (settings_.enabled && CountOf(taken) >= limit()) return std::nullopt;
  } while (!taken_.compare_exchange_weak(taken, taken + 1,
                                         std::memory_order_relaxed));
  const int count = CountOf(taken) + 1;
  int peak = peak_.load(std::memory_order_relaxed);
  while (peak < count &&
         !peak_.compare_exchange_weak(peak, count, std::memory_order_relaxed)) {
  }
  return Place{GenerationOf(taken)};
}

void ConcurrencyLimit::Abandon() {
  uint64_t taken = taken_.load(std::memory_order_relaxed);
  uint64_t none = 0;
  do {
    none = (taken & ~kCount) + kCount + 1;  // of the next generation
  } while (
      !taken_.compare_exchange_weak(taken, none, std::memory_order_relaxed));
}

void ConcurrencyLimit::Release(Place place, Sample sample,
                               Clock::duration latency, Clock::time_point now) {
  uint64_t taken = taken_.load(std::memory_order_relaxed);
  do {
    if (GenerationOf(taken) != place.generation) return;
  } while (!taken_.compare_exchange_weak(taken, taken - 1,
                                         std::memory_order_relaxed));
  if (sample == Sample::kIgnored) return;
  if (sample == Sample::kDropped) {
    dropped_wait_.fetch_add(latency.count(), std::memory_order_relaxed);
    dropped_.fetch_add(1, std::memory_order_relaxed);
  } else {
    const int64_t ticks = std::max<int64_t>(latency.count(), 1);
    const int64_t coarse = ticks >> kSquareShift;
    latency_sum_.fetch_add(ticks, std::memory_order_relaxed);
    latency_squares_.fetch_add(coarse * coarse, std::memory_order_relaxed);
    succeeded_.fetch_add(1, std::memory_order_relaxed);
  }
  if (TicksOf(now) >= window_end_.load(std::memory_order_relaxed)) {
    EndWindow(now);
  }
}

bool ConcurrencyLimit::Forget(Clock::time_point now) {
  const int64_t quiet =
      TicksOf(now) - last_pressure_.load(std::memory_order_relaxed);
  if (quiet < settings_.forget_after.count()) return false;
  const std::lock_guard lock(mutex_);
  SetLimit(settings_.maximum);
  slow_start_below_ = 0;
  lowering_ = false;
  return true;
}

void ConcurrencyLimit::EndWindow(Clock::time_point now) {
  const int64_t late =
      TicksOf(now) - window_end_.load(std::memory_order_relaxed);
  const int64_t samples = succeeded_.load(std::memory_order_relaxed) +
                          dropped_.load(std::memory_order_relaxed);
  if (samples < settings_.window_samples &&
      late < settings_.window.count() * (kLongestWindow - 1)) {
    return;
  }
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return;
  if (TicksOf(now) < window_end_.load(std::memory_order_relaxed)) return;
  window_end_.store(TicksOf(now + settings_.window), std::memory_order_relaxed);
  const Window window = TakeWindow();
  SetLimit(LimitAfter(window, now));
}

ConcurrencyLimit::Window ConcurrencyLimit::TakeWindow() {
  // A sample that comes in between is counted without its latency, or the
  // other way round: one of many.
  Window window{};
  window.succeeded.count = succeeded_.exchange(0, std::memory_order_relaxed);
  window.succeeded.sum =
      static_cast<double>(latency_sum_.exchange(0, std::memory_order_relaxed));
  window.succeeded.squares =
      std::ldexp(static_cast<double>(
                     latency_squares_.exchange(0, std::memory_order_relaxed)),
                 2 * kSquareShift);
  window.dropped = dropped_.exchange(0, std::memory_order_relaxed);
  window.dropped_wait =
      static_cast<double>(dropped_wait_.exchange(0, std::memory_order_relaxed));
  window.used = peak_.exchange(in_flight(), std::memory_order_relaxed);
  return window;
}

double ConcurrencyLimit::Gradient(const Window& window, Clock::time_point now) {
  const double gradient = gradient_.Add(window.succeeded, in_flight(), now);
  long_latency_.store(std::llround(gradient_.long_latency()),
                      std::memory_order_relaxed);
  // A limit in full use has done what it can.
  return window.used < std::floor(exact_limit_) ? gradient : 1;
}

double ConcurrencyLimit::DroppedShare(const Window& window) const {
  if (window.dropped == 0) return 0;
  const auto dropped = static_cast<double>(window.dropped);
  const double share =
      dropped / (dropped + static_cast<double>(window.succeeded.count));
  const bool others_are_fast =
      2 * window.succeeded.mean() < window.dropped_wait / dropped;
  if (others_are_fast && share < settings_.all_dropped) return 0;
  return share < settings_.dropped_share ? 0 : share;
}

double ConcurrencyLimit::Lower(const Window& window, double dropped,
                               double gradient) const {
  if (dropped > 0) {
    return (1 - dropped) * exact_limit_ + dropped * window.used / 2;
  }
  const double weight = 2 * (1 - gradient);
  const double target = (1 - weight) * exact_limit_ +
                        weight * gradient * window.used +
                        std::sqrt(exact_limit_);
  return std::min(exact_limit_,
                  exact_limit_ + settings_.smoothing * (target - exact_limit_));
}

double ConcurrencyLimit::Raise(const Window& window, Clock::time_point now) {
  if (exact_limit_ < slow_start_below_) return 2 * exact_limit_;
  const double latency = window.succeeded.mean();
  const double unhurried =
      std::max(static_cast<double>(settings_.min_latency.count()),
               settings_.tolerance * gradient_.least_latency());
  if (latency < unhurried) {
    return exact_limit_ + std::sqrt(exact_limit_);
  }
  if (window.used < kMostlyUsed * exact_limit_) return exact_limit_;
  return trial_.Next(exact_limit_, window.used, latency, now);
}

double ConcurrencyLimit::LimitAfter(const Window& window,
                                    Clock::time_point now) {
  if (window.dropped + window.succeeded.count == 0) return exact_limit_;
  const double dropped = DroppedShare(window);
  const double gradient = Gradient(window, now);
  const bool lower = dropped > 0 || gradient < 1;
  if (!lower && 2 * window.used < exact_limit_) {
    const int64_t quiet =
        TicksOf(now) - last_pressure_.load(std::memory_order_relaxed);
    return quiet < settings_.forget_after.count() ? exact_limit_
                                                  : settings_.maximum;
  }
  last_pressure_.store(TicksOf(now), std::memory_order_relaxed);
  if (lower) {
    if (!lowering_) slow_start_below_ = window.used / 2;
    lowering_ = true;
    return Lower(window, dropped, gradient);
  }
  lowering_ = false;
  return Raise(window, now);
}

void ConcurrencyLimit::SetLimit(double limit) {
  const int floor = std::min(settings_.floor, settings_.maximum);
  exact_limit_ = std::clamp<double>(limit, floor, settings_.maximum);
  limit_.store(static_cast<int>(exact_limit_), std::memory_order_relaxed);
}

}  // namespace gather::fanout
