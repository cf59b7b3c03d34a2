#include "server/fanout/policy/concurrency_limit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <queue>
#include <thread>
#include <utility>
#include <vector>

namespace gather::fanout {
namespace {

using namespace std::chrono_literals;
using async::Clock;
using Sample = ConcurrencyLimit::Sample;

// Calls at a steady rate to a backend that takes `latency` for each.
class ConcurrencyLimitTest : public testing::Test {
 protected:
  void Call(Clock::duration latency) {
    const auto place = limit_.TryAcquire(now_);
    if (!place) {
      ++lost_;
      return;
    }
    most_in_flight_ = std::max(most_in_flight_, limit_.in_flight());
    EXPECT_LE(limit_.in_flight(), limit_.limit());
    ends_.push({now_ + std::min<Clock::duration>(latency, kTimeout), latency});
  }

  void Advance(Clock::duration by) {
    const Clock::time_point until = now_ + by;
    while (!ends_.empty() && ends_.top().first <= until) {
      const auto [when, latency] = ends_.top();
      ends_.pop();
      limit_.Release({},
                     latency > kTimeout ? Sample::kDropped : Sample::kSuccess,
                     latency, when);
    }
    now_ = until;
  }

  void Run(Clock::duration time, Clock::duration between,
           const std::function<Clock::duration()>& latency) {
    for (const auto end = now_ + time; now_ < end; Advance(between)) {
      Call(latency());
    }
  }

  static constexpr Clock::duration kTimeout = 3s;
  static constexpr Clock::duration kNever = 1h;

  const ConcurrencyLimitSettings settings_;
  ConcurrencyLimit limit_{settings_};
  Clock::time_point now_ = Clock::time_point(1h);
  int lost_ = 0;
  int most_in_flight_ = 0;
  using End = std::pair<Clock::time_point, Clock::duration>;
  std::priority_queue<End, std::vector<End>, std::greater<>> ends_;
};

TEST_F(ConcurrencyLimitTest, ColdBurstLosesNothing) {
  for (int i = 0; i < 10'000; ++i) Call(1ms + i * 200us);
  Run(5s, 2500us, [] { return 5ms; });
  EXPECT_EQ(lost_, 0);
}

TEST_F(ConcurrencyLimitTest, BurstAfterQuietTrafficLosesNothing) {
  Run(10s, 2500us, [] { return 5ms; });
  for (int i = 0; i < 10'000; ++i) Call(1ms + i * 200us);
  Run(10s, 2500us, [] { return 5ms; });
  EXPECT_EQ(lost_, 0);
}

TEST_F(ConcurrencyLimitTest, SteadyLatencyIsNoGradient) {
  for (const Clock::duration latency : {5ms, 500ms, 2000ms}) {
    Run(20s, 2500us, [&] { return latency; });
    Advance(kTimeout);
  }
  EXPECT_EQ(lost_, 0);
}

TEST_F(ConcurrencyLimitTest, TwoLatenciesAreNoGradient) {
  int i = 0;
  Run(60s, 2500us, [&] { return ++i % 10 == 0 ? 1s : 5ms; });
  EXPECT_EQ(lost_, 0);
}

TEST_F(ConcurrencyLimitTest, HangIsBoundedAndEnds) {
  Run(5s, 2500us, [] { return 5ms; });
  Run(10s, 2500us, [] { return kNever; });
  EXPECT_EQ(limit_.limit(), settings_.floor);
  EXPECT_LE(limit_.in_flight(), settings_.floor);
  EXPECT_LE(most_in_flight_, 1200);  // 400 a second for the timeout
  Advance(kTimeout);
  lost_ = 0;
  Run(10s, 2500us, [] { return 5ms; });
  EXPECT_EQ(lost_, 0);
}

TEST_F(ConcurrencyLimitTest, GrowsBackWithinSecondsToWhatItNeeds) {
  Run(5s, 2500us, [] { return 500ms; });
  Run(10s, 2500us, [] { return kNever; });
  Advance(kTimeout);
  Run(2s, 2500us, [] { return 500ms; });
  lost_ = 0;
  Run(10s, 2500us, [] { return 500ms; });
  EXPECT_EQ(lost_, 0);
}

TEST_F(ConcurrencyLimitTest, FewTimeoutsAreNoise) {
  int i = 0;
  Run(60s, 2500us, [&] { return ++i % 50 == 0 ? kNever : 5ms; });
  EXPECT_EQ(limit_.limit(), settings_.maximum);
}

TEST_F(ConcurrencyLimitTest, IgnoredSamplesSayNothing) {
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(limit_.TryAcquire(now_ += 10ms));
    limit_.Release({}, Sample::kIgnored, 1h, now_);
  }
  EXPECT_EQ(limit_.limit(), settings_.maximum);
}

TEST_F(ConcurrencyLimitTest, GrowingLatencyLowersIt) {
  Run(5s, 2500us, [] { return 50ms; });
  Clock::duration latency = 50ms;
  Run(4s, 2500us, [&] { return latency += 1ms; });
  EXPECT_LT(limit_.limit(), settings_.maximum / 5);
}

TEST_F(ConcurrencyLimitTest, WhatIsNotTestedIsForgotten) {
  Run(10s, 2500us, [] { return kNever; });
  Advance(kTimeout);
  ASSERT_EQ(limit_.limit(), settings_.floor);
  Advance(settings_.forget_after);
  for (int i = 0; i < 10'000; ++i) Call(1ms);
  EXPECT_GT(limit_.limit(), 10'000);
}

TEST_F(ConcurrencyLimitTest, FullMaximumRefuses) {
  for (int i = 0; i < settings_.maximum; ++i) {
    ASSERT_TRUE(limit_.TryAcquire(now_));
  }
  EXPECT_FALSE(limit_.TryAcquire(now_));
  EXPECT_EQ(limit_.refused(), 1);
  limit_.Release({}, Sample::kSuccess, 1ms, now_);
  EXPECT_TRUE(limit_.TryAcquire(now_));
}

TEST_F(ConcurrencyLimitTest, AbandonedCallsTakeUpNoPlace) {
  const auto place = limit_.TryAcquire(now_);
  for (int i = 1; i < settings_.maximum; ++i) {
    ASSERT_TRUE(limit_.TryAcquire(now_));
  }
  limit_.Abandon();
  EXPECT_EQ(limit_.in_flight(), 0);
  const auto next = limit_.TryAcquire(now_);
  ASSERT_TRUE(place && next);
  limit_.Release(*place, Sample::kDropped, 3s, now_ + 3s);
  EXPECT_EQ(limit_.in_flight(), 1);
  limit_.Release(*next, Sample::kSuccess, 1ms, now_ + 3s);
  EXPECT_EQ(limit_.in_flight(), 0);
}

TEST(ConcurrencyLimitOffTest, CountsAndRefusesNothing) {
  ConcurrencyLimit limit({.enabled = false, .floor = 1, .maximum = 1});
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(limit.TryAcquire(Clock::now()));
  EXPECT_EQ(limit.in_flight(), 100);
}

TEST(ConcurrencyLimitThreadsTest, NeverMoreThanTheLimitInFlight) {
  ConcurrencyLimit limit({.floor = 3, .maximum = 3});
  std::atomic<int64_t> ticks{1};
  std::atomic<int> inside{0};
  std::atomic<bool> exceeded{false};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) {
        const Clock::time_point now(Clock::duration(ticks += 100'000));
        if (!limit.TryAcquire(now)) continue;
        if (++inside > 3) exceeded = true;
        --inside;
        limit.Release({}, i % 3 == 0 ? Sample::kDropped : Sample::kSuccess, 1ms,
                      now);
      }
    });
  }
  threads.clear();
  EXPECT_FALSE(exceeded);
  EXPECT_EQ(limit.in_flight(), 0);
}

}  // namespace
}  // namespace gather::fanout
