#include "server/async/lag.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <numeric>
#include <stop_token>
#include <thread>
#include <utility>

#include "server/async/gather.h"
#include "server/async/timer.h"

namespace gather::async {
namespace {

using std::chrono::milliseconds;

// Above all that a busy machine adds by itself.
constexpr milliseconds kHold(1500);
constexpr std::array<milliseconds, 1> kBounds = {milliseconds(1000)};

class LagTest : public ::testing::Test {
 protected:
  uint64_t Count() const {
    HistogramTotals totals;
    lag_.AddTo(totals);
    return std::reduce(totals.counts.begin(), totals.counts.end());
  }
  uint64_t CountAboveBound() const {
    HistogramTotals totals;
    lag_.AddTo(totals);
    return totals.counts.back();
  }

  // Holds the loop as a blocking call would, and ends the measuring once there
  // is one more measure than before.
  Task<> HoldThenStop() {
    std::this_thread::sleep_for(kHold);
    const uint64_t before = Count();
    while (Count() == before) {
      SleepUntil sleep = SleepFor(loop_, milliseconds(1));
      (void)co_await sleep;
    }
    stop_.request_stop();
  }

  Task<> MeasureAnd(Task<> other) {
    (void)co_await Gather(
        MeasureLag(loop_, lag_, milliseconds(10), stop_.get_token()),
        std::move(other));
  }

  EventLoop loop_;
  Histogram lag_{kBounds};
  std::stop_source stop_;
};

TEST_F(LagTest, AStepThatHoldsTheLoopMakesItLate) {
  loop_.RunUntilComplete(MeasureAnd(HoldThenStop()));
  EXPECT_EQ(CountAboveBound(), 1U);
}

TEST_F(LagTest, AStopEndsItAtOnce) {
  stop_.request_stop();
  loop_.RunUntilComplete(
      MeasureLag(loop_, lag_, std::chrono::hours(1), stop_.get_token()));
  EXPECT_EQ(Count(), 0U);
}

}  // namespace
}  // namespace gather::async
