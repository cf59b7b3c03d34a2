#ifndef GATHER_SERVER_FANOUT_POLICY_LATENCY_GRADIENT_H_
#define GATHER_SERVER_FANOUT_POLICY_LATENCY_GRADIENT_H_

#include <cstdint>

#include "server/async/clock.h"

namespace gather::fanout {

// What a window saw of the calls that ended in it with an answer.
struct LatencySamples {
  int64_t count = 0;
  double sum = 0;      // of latencies, in ticks
  double squares = 0;  // of latencies, in ticks^2

  double mean() const {
    return count == 0 ? 0 : sum / static_cast<double>(count);
  }
};

struct LatencyGradientSettings {
  // Latency may grow by this much, against the long-term one, before it counts.
  double tolerance = 1.5;
  // A latency below this is none to act upon, in ticks: it holds up nobody, and
  // much of it may be this process's own, when it is busy.
  double min_latency = 0;
  // The long-term latency is an average over about so many seconds: how long a
  // higher latency is news, before it is how the backend is.
  int long_seconds = 5;
};

// Whether a backend's latency is growing because more is asked of it than it
// can do.
//
//   g = clamp(tolerance * long / short, 0.5, 1)     less than 1: it is
//
// where short is the mean latency of a second and long its exponential average.
// It counts only where, in that second,
//   - the difference is no chance: short - long > 3 standard errors of short
//   - more calls were in flight than in the one before: else the backend is
//     slow, or works off a burst, or does as it did
//   - no more calls were answered than usual: else there is more load, and the
//     backend bears it. (Then the calls that end are not the ones that began:
//     those that take long are still to come, and once they do they look like
//     a backend that has become slow.)
// and not in the first `long_seconds`, when the long-term latency is not known.
//
// Source: Gradient2Limit of github.com/Netflix/concurrency-limits, whose
// samples are of a second too; what makes it count is ours.
//
// Thread: one at a time.
class LatencyGradient {
 public:
  explicit LatencyGradient(const LatencyGradientSettings& settings)
      : settings_(settings) {}

  // A window has ended with so many calls in flight. Gives g where a second has
  // ended with it, and 1 otherwise.
  double Add(const LatencySamples& window, int in_flight,
             async::Clock::time_point now);

  // The long-term latency, in ticks; 0 before there is one.
  double long_latency() const { return latency_; }
  // The mean of the best second so far, in ticks; 0 before there is one.
  double least_latency() const { return least_latency_; }

 private:
  double Judge(double in_flight, double rate) const;
  void Learn(double in_flight, double rate);

  const LatencyGradientSettings settings_;
  // The second that goes on.
  async::Clock::time_point since_;
  LatencySamples samples_;
  double in_flight_sum_ = 0;
  int windows_ = 0;
  // Those before it.
  double latency_ = 0;
  double least_latency_ = 0;
  double rate_ = 0;  // answers a tick
  double in_flight_ = 0;
  int seconds_ = 0;
};

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_POLICY_LATENCY_GRADIENT_H_
