#include "server/fanout/budget.h"

#include <gtest/gtest.h>

#include <chrono>

namespace gather::fanout {
namespace {

using namespace std::chrono_literals;
using async::Clock;

constexpr Timeouts kTimeouts{.section = 3s, .total = 5s};
const Clock::time_point kNow = Clock::time_point(1000s);

// How long a section's call may take that starts with its request.
Clock::duration BranchTime(const Timeouts& timeouts, Clock::time_point deadline,
                           int stages_after = 0) {
  return StageDeadline(timeouts.section, {.start = kNow, .after = stages_after},
                       CallsEnd(timeouts.total, kNow, deadline)) -
         kNow;
}
Clock::duration BranchTime(Clock::duration caller) {
  return BranchTime(kTimeouts, kNow + caller);
}

TEST(BudgetTest, WithoutADeadlineTheDefaultsHold) {
  EXPECT_EQ(BranchTime(kTimeouts, Clock::time_point::max()), 3s);
  EXPECT_EQ(BranchTime({.section = 10s, .total = 5s}, Clock::time_point::max()),
            5s - 100ms);
}

TEST(BudgetTest, ShorterOfSectionTimeoutAndBudgetCounts) {
  EXPECT_EQ(BranchTime(10s), 3s);
  EXPECT_EQ(BranchTime(2s), 1900ms);
  EXPECT_EQ(BranchTime(500ms), 450ms);
}

TEST(BudgetTest, StageHasAnEqualShareOfWhatIsLeftForItAndThoseAfter) {
  const auto end = kNow + 900ms;
  const auto share = [&](Clock::duration start, int after) {
    return StageDeadline(3s, {.start = kNow + start, .after = after}, end) -
           kNow - start;
  };
  EXPECT_EQ(share(0ms, 0), 900ms);
  EXPECT_EQ(share(0ms, 1), 450ms);
  EXPECT_EQ(share(0ms, 2), 300ms);
  // What a stage does not take is there for the next.
  EXPECT_EQ(share(100ms, 0), 800ms);
  EXPECT_EQ(share(450ms, 0), 450ms);
  EXPECT_EQ(share(300ms, 1), 300ms);
  // Late.
  EXPECT_EQ(share(900ms, 0), 0ms);
  EXPECT_EQ(share(1000ms, 1), 0ms);
}

TEST(BudgetTest, SectionTimeoutBoundsAStageToo) {
  EXPECT_EQ(BranchTime({.section = 1s, .total = 5s}, kNow + 5s, 1), 1s);
}

TEST(BudgetTest, ReserveIsATenthWithinItsBounds) {
  EXPECT_EQ(Reserve(10s), 100ms);
  EXPECT_EQ(Reserve(500ms), 50ms);
  EXPECT_EQ(Reserve(20ms), 5ms);
  EXPECT_EQ(Reserve(4ms), 2ms);
}

TEST(BudgetTest, BranchesAlwaysEndBeforeTheCallerAndGetSomeTime) {
  for (const auto caller : {1ms, 2ms, 10ms, 50ms, 100ms, 1000ms, 5000ms}) {
    EXPECT_GT(BranchTime(caller), 0ms);
    EXPECT_LT(BranchTime(caller), caller);
  }
}

TEST(BudgetTest, NoTimeIsLeftAfterTheDeadline) {
  EXPECT_EQ(BranchTime(0ms), 0ms);
  EXPECT_EQ(BranchTime(-5s), 0ms);
}

}  // namespace
}  // namespace gather::fanout
