#ifndef GATHER_SERVER_FANOUT_POLICY_CONCURRENCY_LIMIT_H_
#define GATHER_SERVER_FANOUT_POLICY_CONCURRENCY_LIMIT_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

#include "server/async/clock.h"
#include "server/fanout/policy/growth_trial.h"
#include "server/fanout/policy/latency_gradient.h"

namespace gather::fanout {

struct ConcurrencyLimitSettings {
  // Where off, calls are counted and none is refused.
  bool enabled = true;
  // It never gets lower: so few calls can't fill an aggregator, and a backend
  // that recovers needs some to show it.
  int floor = 20;
  // Where it starts, and never gets higher. As many as the aggregator takes
  // requests: without evidence against the backend no section is lost, neither
  // in a burst nor after a start.
  int maximum = 20'000;
  // Samples are judged together once they are of this time, and so many.
  async::Clock::duration window = std::chrono::milliseconds(100);
  int window_samples = 10;
  // Latency may grow by this much, against the long-term one, before it counts.
  double tolerance = 1.5;
  // How much of the way to its new value the limit goes, a second, when latency
  // lowers it.
  double smoothing = 0.5;
  // A latency below this never lowers the limit, nor keeps it from growing.
  async::Clock::duration min_latency = std::chrono::milliseconds(100);
  // A smaller share of dropped calls never lowers it; nor does a larger one,
  // up to `all_dropped`, while others are answered in less than half the time
  // that those had waited: then it is a part of the backend that is ill, or it
  // was and is no more, and less in flight would help nobody.
  double dropped_share = 0.1;
  double all_dropped = 0.9;
  // The limit is back at its maximum when for this long neither a window spoke
  // against the backend nor half of the limit was in use.
  async::Clock::duration forget_after = std::chrono::seconds(10);
};

// How many calls may be in flight to one backend. What is past it costs its
// section at once: a backend that answers slowly or not at all can't collect
// the requests of the whole aggregator.
//
//   const std::optional<ConcurrencyLimit::Place> place = limit.TryAcquire(now);
//   if (!place) return Refused();
//   ... the call ...
//   limit.Release(*place, ConcurrencyLimit::Sample::kSuccess, latency, now);
//
// The limit starts at its maximum and is lowered by evidence alone. Calls that
// end in a window are judged together:
//
//   dropped = timeouts and refusals of the backend / all samples; 0 where it
//             does not count: see dropped_share
//   used    = most calls in flight
//   short   = their mean latency
//   g       = the gradient of the latency: 1, or less down to 0.5 where it
//   grows
//             with the calls in flight (latency_gradient.h)
//
//   dropped > 0: limit = (1 - dropped) limit + dropped used / 2
//   g < 1, limit not in full use:
//     w = 2 (1 - g); target = (1 - w) limit + w g used + sqrt(limit)
//     limit += smoothing (target - limit), if that lowers it
//   else, where at least half of it was used:
//     limit *= 2 below half of what was in use when it was lowered first,
//     limit += sqrt(limit) where short < min_latency, or less than tolerance *
//     the best that the backend has shown,
//     else by trial, where nine tenths of it were used (growth_trial.h)
//
// Sources: the gradient, the queue of sqrt(limit), the smoothing and no growth
// when less than half is used are Gradient2Limit's
// (github.com/Netflix/concurrency-limits); that what is lowered is drawn
// towards the calls in use and not only scaled, by the share that says so, is
// DCTCP's (RFC 8257); doubling after a collapse is TCP's slow start (RFC 5681);
// that a limit which nobody tests is forgotten is RFC 7661's. Growth by trial
// is not Gradient2's, which follows a latency that creeps up until calls time
// out.
//
// Thread: any; TryAcquire() and Release() take no lock but for the one call a
// window that ends it. The time may differ between threads by a little.
class ConcurrencyLimit {
 public:
  enum class Sample : uint8_t {
    // The backend answered, with that latency.
    kSuccess,
    // It did not in the time that it should have, or said it has too much to
    // do.
    kDropped,
    // Says nothing of how long the backend takes.
    kIgnored,
  };

  explicit ConcurrencyLimit(const ConcurrencyLimitSettings& settings);
  ConcurrencyLimit(const ConcurrencyLimit&) = delete;
  ConcurrencyLimit& operator=(const ConcurrencyLimit&) = delete;

  // A call's place among those in flight; goes back to Release() as it is.
  struct Place {
    uint32_t generation = 0;
  };

  // Takes a place, if there is one; then Release() is due, once.
  std::optional<Place> TryAcquire(async::Clock::time_point now);
  // Takes a place, past the limit if need be: for one call that something else
  // bounds.
  Place Acquire();

  // `latency` is for how long the place was taken.
  void Release(Place place, Sample sample, async::Clock::duration latency,
               async::Clock::time_point now);

  // The backend is known to be back after it was not: the calls in flight, many
  // of which may wait for what never comes, take up no place from now on, and
  // what becomes of them is ignored.
  void Abandon();

  int limit() const { return limit_.load(std::memory_order_relaxed); }
  // Those that count against the limit.
  int in_flight() const {
    return CountOf(taken_.load(std::memory_order_relaxed));
  }
  // Calls refused so far.
  uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }
  // Zero before there is one.
  async::Clock::duration long_latency() const {
    return async::Clock::duration(
        long_latency_.load(std::memory_order_relaxed));
  }

 private:
  struct Window {
    LatencySamples succeeded;
    int64_t dropped;
    double dropped_wait;  // of all of them, in ticks
    double used;
  };

  // How many places of which generation are taken, as one word.
  static int CountOf(uint64_t taken) {
    return static_cast<int>(taken & kCount);
  }
  static uint32_t GenerationOf(uint64_t taken) {
    return static_cast<uint32_t>(taken >> 32);
  }
  static constexpr uint64_t kCount = 0xffff'ffff;

  std::optional<Place> TakePlace();
  bool Forget(async::Clock::time_point now);
  void EndWindow(async::Clock::time_point now);
  Window TakeWindow();
  double LimitAfter(const Window& window, async::Clock::time_point now);
  double DroppedShare(const Window& window) const;
  double Lower(const Window& window, double dropped, double gradient) const;
  double Raise(const Window& window, async::Clock::time_point now);
  double Gradient(const Window& window, async::Clock::time_point now);
  void SetLimit(double limit);

  const ConcurrencyLimitSettings settings_;
  std::atomic<int> limit_;
  std::atomic<uint64_t> taken_{0};
  std::atomic<uint64_t> refused_{0};

  // The window that goes on.
  std::atomic<int64_t> succeeded_{0};
  std::atomic<int64_t> dropped_{0};
  std::atomic<int64_t> dropped_wait_{0};
  std::atomic<int64_t> latency_sum_{0};      // in ticks, as all that follow
  std::atomic<int64_t> latency_squares_{0};  // of 2^18 ticks each
  std::atomic<int> peak_{0};
  std::atomic<int64_t> window_end_{0};

  std::atomic<int64_t> long_latency_{0};
  // When a window last lowered the limit or used half of it, or a call was
  // refused.
  std::atomic<int64_t> last_pressure_{0};

  std::mutex mutex_;  // held by whoever ends a window; guards what follows
  double exact_limit_;
  double slow_start_below_ = 0;
  GrowthTrial trial_;
  bool lowering_ = false;  // since the limit was last raised
  LatencyGradient gradient_;
};

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_POLICY_CONCURRENCY_LIMIT_H_
