#include "server/fanout/policy/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace gather::fanout {

using async::Clock;
using std::chrono::microseconds;

// The octave is the place of the highest bit, and its quarter the two bits
// below that.
std::size_t LatencyHistogram::BucketOf(Clock::duration latency) {
  const auto count = std::chrono::duration_cast<microseconds>(latency).count();
  const auto us = static_cast<uint64_t>(std::max<int64_t>(count, 1));
  const int octave = std::bit_width(us) - 1;
  const uint64_t quarter = ((us * kPerOctave) >> octave) - kPerOctave;
  const auto bucket = static_cast<std::size_t>(octave) * kPerOctave + quarter;
  return std::min(bucket, kBuckets - 1);
}

Clock::duration LatencyHistogram::UpperBound(std::size_t bucket) {
  const std::size_t octave = bucket / kPerOctave;
  const std::size_t quarters = kPerOctave + bucket % kPerOctave + 1;
  return microseconds((uint64_t{quarters} << octave) / kPerOctave + 1);
}

void LatencyHistogram::Add(Clock::duration latency, Clock::time_point now) {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  if (now - halved_at_ >= kHalfLife) {
    halved_at_ = now;
    for (auto& count : counts_) {
      count.store(count.load(kRelaxed) / 2, kRelaxed);
    }
  }
  // Not fetch_add: one thread writes.
  std::atomic<uint32_t>& count = counts_[BucketOf(latency)];
  count.store(count.load(kRelaxed) + 1, kRelaxed);
}

void LatencyHistogram::AddTo(Counts& counts) const {
  for (std::size_t i = 0; i < kBuckets; ++i) {
    counts[i] += counts_[i].load(std::memory_order_relaxed);
  }
}

std::optional<Clock::duration> LatencyHistogram::Quantile(const Counts& counts,
                                                          double share,
                                                          uint64_t minimum) {
  uint64_t total = 0;
  for (const uint64_t count : counts) total += count;
  if (total == 0 || total < minimum) return std::nullopt;
  const auto rank =
      static_cast<uint64_t>(std::ceil(share * static_cast<double>(total)));
  uint64_t below = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    below += counts[i];
    if (below >= rank) return UpperBound(i);
  }
  return UpperBound(kBuckets - 1);
}

}  // namespace gather::fanout
