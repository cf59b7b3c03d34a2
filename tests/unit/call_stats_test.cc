#include "server/rpc/call_stats.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <numeric>

namespace gather::rpc {
namespace {

using std::chrono::milliseconds;

TEST(CallStatsTest, WhatHasNotEndedIsStartedOnly) {
  CallStats stats;
  stats.OnStart();
  stats.OnStart();
  stats.OnEnd(5, milliseconds(7));
  CallTotals totals;
  stats.AddTo(totals);
  EXPECT_EQ(totals.started, 2U);
  EXPECT_EQ(totals.handled[5], 1U);
  EXPECT_EQ(std::reduce(totals.handled.begin(), totals.handled.end()), 1U);
  EXPECT_EQ(totals.handling.sum, milliseconds(7));
}

TEST(CallStatsTest, ACodeThatIsNoneIsUnknown) {
  CallStats stats;
  for (const int code : {-1, 17, 999}) {
    stats.OnStart();
    stats.OnEnd(code, milliseconds(1));
  }
  CallTotals totals;
  stats.AddTo(totals);
  EXPECT_EQ(totals.handled[2], 3U);
}

TEST(CallStatsTest, LoopsAddUp) {
  CallStats one;
  CallStats other;
  one.OnStart();
  other.OnStart();
  other.OnEnd(0, milliseconds(1));
  CallTotals totals;
  one.AddTo(totals);
  other.AddTo(totals);
  EXPECT_EQ(totals.started, 2U);
  EXPECT_EQ(totals.handled[0], 1U);
}

}  // namespace
}  // namespace gather::rpc
