#include "server/fanout/policy/hedging.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "server/fanout/policy/backend_policies.h"

namespace gather::fanout {
namespace {

using async::Clock;
using namespace std::chrono_literals;

constexpr Clock::time_point kStart{1h};

PolicySettings WithHedging() {
  PolicySettings settings;
  settings.hedging.enabled = true;
  return settings;
}

// So many calls of `latency`, told by loop 0.
void TellCalls(Hedging& hedging, int calls, Clock::duration latency,
               Clock::time_point now = kStart) {
  for (int i = 0; i < calls; ++i) {
    hedging.OnCall(now);
    hedging.OnLatency(0, latency, now);
  }
}

TEST(LatencyHistogramTest, QuantileIsWithinAFifth) {
  for (const Clock::duration latency :
       {Clock::duration(1us), Clock::duration(3us), Clock::duration(4ms),
        Clock::duration(777ms), Clock::duration(30s)}) {
    LatencyHistogram histogram;
    histogram.Add(latency, kStart);
    LatencyHistogram::Counts counts{};
    histogram.AddTo(counts);
    const auto median = LatencyHistogram::Quantile(counts, 0.5, 1);
    ASSERT_TRUE(median);
    EXPECT_GE(*median, latency);
    EXPECT_LE(*median, latency * 6 / 5 + 1us + latency / 10);
  }
}

TEST(LatencyHistogramTest, OldCallsFade) {
  LatencyHistogram histogram;
  for (int i = 0; i < 100; ++i) histogram.Add(1s, kStart);
  Clock::time_point now = kStart;
  for (int i = 0; i < 4; ++i) {
    now += LatencyHistogram::kHalfLife;
    histogram.Add(1ms, now);
  }
  for (int i = 0; i < 100; ++i) histogram.Add(1ms, now);
  LatencyHistogram::Counts counts{};
  histogram.AddTo(counts);
  EXPECT_LT(*LatencyHistogram::Quantile(counts, 0.9, 1), 2ms);
}

TEST(HedgingTest, NothingIsKnownOfAFewCalls) {
  Hedging hedging({.enabled = true}, 1);
  TellCalls(hedging, static_cast<int>(Hedging::kMinimumCalls) - 1, 10ms);
  EXPECT_FALSE(hedging.OnCall(kStart + 1s));
  TellCalls(hedging, 1, 10ms);
  EXPECT_TRUE(hedging.OnCall(kStart + 1s));
}

TEST(HedgingTest, DelayIsThePercentileOverAllLoops) {
  Hedging hedging({.enabled = true, .percentile = 90}, 2);
  for (int i = 0; i < 95; ++i) hedging.OnLatency(0, 10ms, kStart);
  for (int i = 0; i < 5; ++i) hedging.OnLatency(1, 1s, kStart);
  const auto with_few_slow = hedging.OnCall(kStart + 1s);
  ASSERT_TRUE(with_few_slow);
  EXPECT_LT(*with_few_slow, 15ms);
  for (int i = 0; i < 20; ++i) hedging.OnLatency(1, 1s, kStart);
  EXPECT_GE(*hedging.OnCall(kStart + 2s), 1s);
}

TEST(HedgingTest, NeverSoonerThanTheLeastDelay) {
  Hedging hedging({.enabled = true, .min_delay = 20ms}, 1);
  TellCalls(hedging, 100, 1ms);
  EXPECT_EQ(hedging.OnCall(kStart + 1s), 20ms);
}

TEST(HedgingTest, SpendsFiveTokensForAHundredCalls) {
  Hedging hedging({.enabled = true}, 1);
  EXPECT_FALSE(hedging.TrySpend());
  TellCalls(hedging, 100, 1ms);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(hedging.TrySpend()) << i;
  EXPECT_FALSE(hedging.TrySpend());
}

TEST(HedgingTest, SavesForABurstButNotForEver) {
  Hedging hedging({.enabled = true}, 1);
  TellCalls(hedging, 10'000, 1ms);
  int spent = 0;
  while (hedging.TrySpend()) ++spent;
  EXPECT_EQ(spent, Hedging::kMostTokens);
}

TEST(HedgingTest, RetriesAreExtraCallsToo) {
  Hedging hedging({.enabled = true}, 1);
  TellCalls(hedging, 40, 1ms);
  hedging.Spend();
  EXPECT_TRUE(hedging.TrySpend());
  EXPECT_FALSE(hedging.TrySpend());
}

class TryHedgeTest : public ::testing::Test {
 protected:
  explicit TryHedgeTest(PolicySettings settings = WithHedging())
      : policies_(settings) {
    TellCalls(policies_.hedging(), 1000, 1ms);
  }

  BackendPolicies policies_;
};

TEST_F(TryHedgeTest, TakesAPlaceUntilItIsFinished) {
  {
    BackendPolicies::Hedge hedge = policies_.TryHedge(kStart);
    ASSERT_TRUE(hedge);
    EXPECT_EQ(policies_.limit().in_flight(), 1);
    hedge.Finish(kStart);
    EXPECT_EQ(policies_.limit().in_flight(), 0);
  }
  EXPECT_EQ(policies_.limit().in_flight(), 0);
}

TEST_F(TryHedgeTest, NoneWhileTheBreakerIsNotClosed) {
  Clock::time_point now = kStart;
  while (policies_.breaker().state() == CircuitBreaker::State::kClosed) {
    BackendPolicies::Permit permit = policies_.Enter(now);
    ASSERT_TRUE(permit);
    now += 1ms;
    permit.Finish(CallResult::kFailure, now);
  }
  EXPECT_FALSE(policies_.TryHedge(now));
}

class TryHedgeNearLimitTest : public TryHedgeTest {
 protected:
  static PolicySettings TenAtATime() {
    PolicySettings settings = WithHedging();
    settings.limit.floor = 10;
    settings.limit.maximum = 10;
    return settings;
  }
  TryHedgeNearLimitTest() : TryHedgeTest(TenAtATime()) {}
};

TEST_F(TryHedgeNearLimitTest, LastPlacesAreForSectionsWithoutACall) {
  std::vector<BackendPolicies::Permit> permits;
  for (int i = 0; i < 8; ++i) permits.push_back(policies_.Enter(kStart));
  EXPECT_TRUE(policies_.TryHedge(kStart));  // and is over
  permits.push_back(policies_.Enter(kStart));
  EXPECT_FALSE(policies_.TryHedge(kStart));
}

}  // namespace
}  // namespace gather::fanout
