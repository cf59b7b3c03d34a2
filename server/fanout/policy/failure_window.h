#ifndef GATHER_SERVER_FANOUT_POLICY_FAILURE_WINDOW_H_
#define GATHER_SERVER_FANOUT_POLICY_FAILURE_WINDOW_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "server/async/clock.h"

namespace gather::fanout {

// Calls and failures of the last `length`, in ten buckets of a tenth each, so
// that what is counted is between nine tenths and all of it.
//
// A bucket is one word: the number of its tenth, its calls and its failures.
// Whoever counts into one that is of an older tenth begins it anew, with the
// same compare-and-swap: no count is lost and nothing is locked.
//
// Thread: any.
class FailureWindow {
 public:
  struct Counts {
    uint32_t calls = 0;
    uint32_t failures = 0;
  };

  // `length` is at least ten ticks of the clock.
  explicit FailureWindow(async::Clock::duration length)
      : tenth_(std::max<int64_t>(length.count() / kBuckets, 1)) {}

  void Add(async::Clock::time_point now, bool failed) {
    const uint64_t number = NumberAt(now);
    std::atomic<uint64_t>& bucket = buckets_[number % kBuckets];
    uint64_t before = bucket.load(std::memory_order_relaxed);
    uint64_t after = 0;
    do {
      after =
          before >> kNumberShift == number ? before : number << kNumberShift;
      if ((after & kCountMask) == kCountMask) return;  // full
      after += 1 + (failed ? uint64_t{1} << kFailuresShift : 0);
    } while (!bucket.compare_exchange_weak(before, after,
                                           std::memory_order_relaxed));
  }

  Counts CountAt(async::Clock::time_point now) const {
    const uint64_t number = NumberAt(now);
    Counts sum;
    for (const std::atomic<uint64_t>& bucket : buckets_) {
      const uint64_t word = bucket.load(std::memory_order_relaxed);
      if (((number - (word >> kNumberShift)) & kNumberMask) >= kBuckets) {
        continue;
      }
      sum.calls += static_cast<uint32_t>(word & kCountMask);
      sum.failures +=
          static_cast<uint32_t>(word >> kFailuresShift & kCountMask);
    }
    return sum;
  }

  void Clear() {
    for (std::atomic<uint64_t>& bucket : buckets_) {
      bucket.store(0, std::memory_order_relaxed);
    }
  }

 private:
  static constexpr std::size_t kBuckets = 10;
  // From the lowest bit: 20 bits of calls, 20 of failures, 24 of the number,
  // which at 200 ms a bucket comes round after 38 days.
  static constexpr int kFailuresShift = 20;
  static constexpr int kNumberShift = 40;
  static constexpr uint64_t kCountMask = (uint64_t{1} << kFailuresShift) - 1;
  static constexpr uint64_t kNumberMask = (uint64_t{1} << 24) - 1;

  uint64_t NumberAt(async::Clock::time_point now) const {
    return static_cast<uint64_t>(now.time_since_epoch().count() / tenth_) &
           kNumberMask;
  }

  const int64_t tenth_;  // in ticks
  std::array<std::atomic<uint64_t>, kBuckets> buckets_{};
};

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_POLICY_FAILURE_WINDOW_H_
