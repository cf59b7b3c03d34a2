#include "server/fanout/budget.h"

#include <gtest/gtest.h>

#include <chrono>

namespace gather::fanout {
namespace {

using namespace std::chrono_literals;
using async::Clock;

constexpr Timeouts kTimeouts{.section = 3s, .total = 5s};
const Clock::time_point kNow = Clock::time_point(1000s);

Clock::duration BranchTime(Clock::duration caller) {
  return BranchDeadline(kTimeouts, kNow, kNow + caller) - kNow;
}

TEST(BudgetTest, WithoutADeadlineTheDefaultsHold) {
  EXPECT_EQ(BranchDeadline(kTimeouts, kNow, Clock::time_point::max()) - kNow,
            3s);
  EXPECT_EQ(BranchDeadline({.section = 10s, .total = 5s}, kNow,
                           Clock::time_point::max()) -
                kNow,
            5s - 100ms);
}

TEST(BudgetTest, ShorterOfSectionTimeoutAndBudgetCounts) {
  EXPECT_EQ(BranchTime(10s), 3s);
  EXPECT_EQ(BranchTime(2s), 1900ms);
  EXPECT_EQ(BranchTime(500ms), 450ms);
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
