#include "server/fanout/policy/latency_gradient.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace gather::fanout {
namespace {

using async::Clock;

constexpr Clock::duration kSecond = std::chrono::seconds(1);
// With fewer answers, what is judged is longer than a second.
constexpr int64_t kLeastSamples = 20;
constexpr double kStandardErrors = 3;
// By how much more is more.
constexpr double kMoreInFlight = 1.05;
constexpr double kMoreAnswers = 1.2;

}  // namespace

double LatencyGradient::Add(const LatencySamples& window, int in_flight,
                            Clock::time_point now) {
  if (windows_ == 0 && seconds_ == 0) since_ = now;
  samples_.count += window.count;
  samples_.sum += window.sum;
  samples_.squares += window.squares;
  in_flight_sum_ += in_flight;
  ++windows_;
  if (now - since_ < kSecond || samples_.count < kLeastSamples) return 1;
  const double mean_in_flight = in_flight_sum_ / windows_;
  const double rate = static_cast<double>(samples_.count) /
                      static_cast<double>((now - since_).count());
  const double gradient = Judge(mean_in_flight, rate);
  Learn(mean_in_flight, rate);
  since_ = now;
  samples_ = {};
  in_flight_sum_ = 0;
  windows_ = 0;
  return gradient;
}

double LatencyGradient::Judge(double in_flight, double rate) const {
  const double mean = samples_.mean();
  if (seconds_ < settings_.long_seconds || mean < settings_.min_latency ||
      in_flight < kMoreInFlight * in_flight_ || rate > kMoreAnswers * rate_) {
    return 1;
  }
  const auto count = static_cast<double>(samples_.count);
  const double variance = std::max(0.0, samples_.squares / count - mean * mean);
  if (mean - latency_ < kStandardErrors * std::sqrt(variance / count)) return 1;
  return std::clamp(settings_.tolerance * latency_ / mean, 0.5, 1.0);
}

void LatencyGradient::Learn(double in_flight, double rate) {
  const double mean = samples_.mean();
  const double weight = 1.0 / std::min(++seconds_, settings_.long_seconds);
  least_latency_ = seconds_ == 1 ? mean : std::min(least_latency_, mean);
  latency_ += weight * (mean - latency_);
  rate_ += weight * (rate - rate_);
  in_flight_ = in_flight;
}

}  // namespace gather::fanout
