#ifndef GATHER_SERVER_ASYNC_COUNTER_H_
#define GATHER_SERVER_ASYNC_COUNTER_H_

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "server/async/clock.h"

namespace gather::async {

// A count that one thread raises, such as a loop's, and any may read. Loops
// that count the same thing have a counter each, and who reads takes the sum:
// so they share neither a lock nor a cache line.
//
// Thread: Add() on one, value() on any. Who reads one counter and then another
// sees at least what had been added to the second before the first was raised.
class Counter {
 public:
  void Add(uint64_t n = 1) {
    // Not fetch_add: where one thread writes, no locked instruction is needed.
    value_.store(value_.load(std::memory_order_relaxed) + n,
                 std::memory_order_release);
  }
  uint64_t value() const { return value_.load(std::memory_order_acquire); }

 private:
  std::atomic<uint64_t> value_{0};
};

// The sum of histograms with the same bounds.
struct HistogramTotals {
  // Upper bounds, included; in rising order.
  std::span<const std::chrono::milliseconds> bounds;
  // Of each bound, and last of what is above them all; not cumulative.
  std::vector<uint64_t> counts;
  Clock::duration sum{};

  // Those of more, with the same bounds.
  void Add(const HistogramTotals& more) {
    bounds = more.bounds;
    counts.resize(std::max(counts.size(), more.counts.size()));
    for (std::size_t i = 0; i < more.counts.size(); ++i) {
      counts[i] += more.counts[i];
    }
    sum += more.sum;
  }
};

// How durations are distributed. Thread: as Counter.
class Histogram {
 public:
  // `bounds` has static lifetime.
  explicit Histogram(std::span<const std::chrono::milliseconds> bounds)
      : bounds_(bounds), counts_(bounds.size() + 1) {}

  void Add(Clock::duration value) {
    const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), value);
    counts_[static_cast<std::size_t>(bound - bounds_.begin())].Add();
    const auto added = std::max(value, Clock::duration::zero());
    sum_.Add(static_cast<uint64_t>(added.count()));
  }

  void AddTo(HistogramTotals& totals) const {
    totals.bounds = bounds_;
    totals.counts.resize(counts_.size());
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      totals.counts[i] += counts_[i].value();
    }
    totals.sum += Clock::duration(static_cast<Clock::rep>(sum_.value()));
  }

 private:
  const std::span<const std::chrono::milliseconds> bounds_;
  std::vector<Counter> counts_;
  Counter sum_;  // in ticks of the clock
};

}  // namespace gather::async

#endif  // GATHER_SERVER_ASYNC_COUNTER_H_
