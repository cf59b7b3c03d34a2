#ifndef GATHER_SERVER_FANOUT_POLICY_LATENCY_HISTOGRAM_H_
#define GATHER_SERVER_FANOUT_POLICY_LATENCY_HISTOGRAM_H_

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "server/async/clock.h"

namespace gather::fanout {

// How long a backend's recent calls took, in buckets whose bounds grow by a
// quarter of a power of two: a quantile is off by a fifth at most, from a
// microsecond to a minute. What is older counts less: every kHalfLife all
// counts are halved.
//
// Thread: Add() on one, such as a loop's; Counts by AddTo() on any.
class LatencyHistogram {
 public:
  static constexpr std::chrono::seconds kHalfLife{5};
  static constexpr int kPerOctave = 4;
  static constexpr std::size_t kBuckets = 27 * kPerOctave;

  // The counts of one or more histograms.
  using Counts = std::array<uint64_t, kBuckets>;

  void Add(async::Clock::duration latency, async::Clock::time_point now);
  void AddTo(Counts& counts) const;

  // Below which such a share of `counts` lies, from 0 to 1: the upper bound of
  // its bucket. None where there are fewer than `minimum`.
  static std::optional<async::Clock::duration> Quantile(const Counts& counts,
                                                        double share,
                                                        uint64_t minimum);

 private:
  static std::size_t BucketOf(async::Clock::duration latency);
  static async::Clock::duration UpperBound(std::size_t bucket);

  std::array<std::atomic<uint32_t>, kBuckets> counts_{};
  async::Clock::time_point halved_at_{};
};

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_POLICY_LATENCY_HISTOGRAM_H_
