#include "server/async/counter.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

namespace gather::async {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::array<milliseconds, 2> kBounds = {milliseconds(5),
                                                 milliseconds(10)};

TEST(CounterTest, ReaderOnAnotherThreadNeverSeesTheSecondBeforeTheFirst) {
  constexpr uint64_t kCounts = 200'000;
  Counter first;
  Counter second;
  std::thread writer([&] {
    for (uint64_t i = 0; i < kCounts; ++i) {
      first.Add();
      second.Add();
    }
  });
  uint64_t seen = 0;
  while (seen < kCounts) {
    seen = second.value();
    ASSERT_LE(seen, first.value());
  }
  writer.join();
  EXPECT_EQ(first.value(), kCounts);
}

TEST(HistogramTest, ABoundBelongsToItsBucket) {
  Histogram histogram(kBounds);
  for (const nanoseconds value :
       {nanoseconds(0), nanoseconds(milliseconds(5)),
        milliseconds(5) + nanoseconds(1), nanoseconds(milliseconds(10)),
        milliseconds(10) + nanoseconds(1),
        nanoseconds(std::chrono::hours(1))}) {
    histogram.Add(value);
  }
  HistogramTotals totals;
  histogram.AddTo(totals);
  EXPECT_EQ(totals.counts, (std::vector<uint64_t>{2, 2, 2}));
  EXPECT_EQ(totals.sum,
            std::chrono::hours(1) + milliseconds(30) + nanoseconds(2));
}

TEST(HistogramTest, AClockThatStoodStillAddsNothingToTheSum) {
  Histogram histogram(kBounds);
  histogram.Add(nanoseconds(-1));
  HistogramTotals totals;
  histogram.AddTo(totals);
  EXPECT_EQ(totals.counts, (std::vector<uint64_t>{1, 0, 0}));
  EXPECT_EQ(totals.sum, nanoseconds(0));
}

TEST(HistogramTest, TotalsAreTheSumOfAll) {
  Histogram one(kBounds);
  Histogram other(kBounds);
  one.Add(milliseconds(1));
  other.Add(milliseconds(2));
  other.Add(milliseconds(7));
  HistogramTotals totals;
  one.AddTo(totals);
  other.AddTo(totals);
  EXPECT_EQ(totals.counts, (std::vector<uint64_t>{2, 1, 0}));
  EXPECT_EQ(totals.sum, milliseconds(10));
  EXPECT_EQ(totals.bounds.size(), kBounds.size());
}

}  // namespace
}  // namespace gather::async
