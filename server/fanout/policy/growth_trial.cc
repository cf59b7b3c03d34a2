#include "server/fanout/policy/growth_trial.h"

#include <cstdint>

namespace gather::fanout {
namespace {

using async::Clock;

constexpr double kStep = 1.2;
// Of the step, the share by which the latency may rise.
constexpr double kShare = 0.5;
// The share of a limit from which it is in full use.
constexpr double kFull = 0.97;
// So many windows are measured: the mean of one is noise.
constexpr int kWindows = 10;

}  // namespace

double GrowthTrial::Next(double limit, double used, double latency,
                         Clock::time_point now) {
  if (limit != limit_) {
    base_limit_ = limit;
    Begin(limit);
  }
  if (measure_from_ == Clock::time_point::max()) {
    if (used < kFull * limit) return limit;
    measure_from_ = now + Clock::duration(static_cast<int64_t>(latency));
  }
  if (now < measure_from_) return limit;
  sum_ += latency;
  if (++windows_ < kWindows) return limit;
  const double mean = sum_ / windows_;
  if (limit > base_limit_ &&
      mean > base_latency_ * (1 + kShare * (limit / base_limit_ - 1))) {
    return Begin(base_limit_);
  }
  base_limit_ = limit;
  base_latency_ = mean;
  return Begin(limit * kStep);
}

double GrowthTrial::Begin(double limit) {
  limit_ = limit;
  measure_from_ = Clock::time_point::max();
  sum_ = 0;
  windows_ = 0;
  return limit;
}

}  // namespace gather::fanout
