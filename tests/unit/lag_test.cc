#include "server/async/lag.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <numeric>
#include <stop_token>
#include <thread>
#include <utility>

#include "server/async/counter.h"
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
    (void)co_await Gather(MeasureLag(loop_, lateness_, milliseconds(10),
                                     AddToLag(), stop_.get_token()),
                          std::move(other));
  }

  std::function<void(Clock::duration)> AddToLag() {
    return [this](Clock::duration late) { lag_.Add(late); };
  }

  EventLoop loop_;
  Histogram lag_{kBounds};
  Lateness lateness_;
  std::stop_source stop_;
};

TEST_F(LagTest, AStepThatHoldsTheLoopMakesItLate) {
  loop_.RunUntilComplete(MeasureAnd(HoldThenStop()));
  EXPECT_EQ(CountAboveBound(), 1U);
  const Clock::time_point now = Clock::now();
  EXPECT_GT(lateness_.Longest(now - std::chrono::minutes(1), now), kBounds[0]);
}

TEST_F(LagTest, AStopEndsItAtOnce) {
  stop_.request_stop();
  loop_.RunUntilComplete(MeasureLag(loop_, lateness_, std::chrono::hours(1),
                                    AddToLag(), stop_.get_token()));
  EXPECT_EQ(Count(), 0U);
}

TEST(LatenessTest, TellsTheLongestWaitOfATime) {
  const Clock::time_point start{std::chrono::hours(1)};
  const auto at = [start](int ms) { return start + milliseconds(ms); };
  Lateness lateness;
  EXPECT_EQ(lateness.Longest(start, at(1000)), milliseconds(0));
  for (const auto& [due, came] :
       {std::pair(100, 1100), {1200, 1201}, {1300, 1500}}) {
    lateness.Expect(at(due));
    lateness.Add(at(came));
  }
  EXPECT_EQ(lateness.Longest(start, at(1600)), milliseconds(1000));
  EXPECT_EQ(lateness.Longest(at(700), at(1600)), milliseconds(400));
  EXPECT_EQ(lateness.Longest(at(1100), at(1600)), milliseconds(200));
  EXPECT_EQ(lateness.Longest(at(1500), at(1600)), milliseconds(0));
}

TEST(LatenessTest, KnowsOfAMeasureThatIsOverdue) {
  const Clock::time_point due{std::chrono::hours(1)};
  Lateness lateness;
  lateness.Expect(due);
  EXPECT_EQ(lateness.Longest(due - milliseconds(10), due), milliseconds(0));
  EXPECT_EQ(lateness.Longest(due - milliseconds(10), due + milliseconds(70)),
            milliseconds(70));
  EXPECT_EQ(lateness.Longest(due + milliseconds(50), due + milliseconds(70)),
            milliseconds(20));
}

}  // namespace
}  // namespace gather::async
