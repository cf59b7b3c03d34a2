#ifndef GATHER_SERVER_FANOUT_POLICY_GROWTH_TRIAL_H_
#define GATHER_SERVER_FANOUT_POLICY_GROWTH_TRIAL_H_

#include "server/async/clock.h"

namespace gather::fanout {

// Finds out by trial whether a backend that is slow needs more calls in flight,
// or only lets them wait for longer.
//
//   1. Measures the latency at a limit that is in full use.
//   2. Raises the limit by a fifth, waits until that is in full use and one
//      latency has passed, and measures again.
//   3. Where the latency rose by less than half as much as the limit, keeps the
//      new one; else goes back. Then again from 1.
//
// By Little's law (in flight = rate * latency) a backend at its capacity
// answers a fifth later for a fifth more in flight, and one that just takes its
// time answers as before, a fifth more calls. BBR finds the bandwidth of a path
// in the same way (Cardwell et al., "BBR: Congestion-Based Congestion
// Control").
//
// Thread: one at a time.
class GrowthTrial {
 public:
  // A window has ended in which most or all of the limit was in use: `used`
  // calls, with that mean latency in ticks. Gives the limit for the next.
  double Next(double limit, double used, double latency,
              async::Clock::time_point now);

 private:
  double Begin(double limit);

  double limit_ = 0;  // that is measured; another one begins anew
  double base_limit_ = 0;
  double base_latency_ = 0;
  async::Clock::time_point measure_from_ = async::Clock::time_point::max();
  double sum_ = 0;
  int windows_ = 0;
};

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_POLICY_GROWTH_TRIAL_H_
