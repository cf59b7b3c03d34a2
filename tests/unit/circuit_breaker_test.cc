#include "server/fanout/policy/circuit_breaker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

namespace gather::fanout {
namespace {

using namespace std::chrono_literals;
using async::Clock;
using Cause = CircuitBreaker::Cause;
using Pass = CircuitBreaker::Pass;
using State = CircuitBreaker::State;

class CircuitBreakerTest : public testing::Test {
 protected:
  void Advance(Clock::duration by) { now_ += by; }

  // A call that takes `latency`, with no other meanwhile.
  bool Call(CallResult result, Clock::duration latency = 1ms) {
    const Pass pass = breaker_.Ask(now_);
    if (!pass.allowed) return false;
    Advance(latency);
    breaker_.Tell(pass, result, now_);
    return true;
  }

  void Calls(int count, CallResult result, Clock::duration latency = 1ms) {
    for (int i = 0; i < count; ++i) Call(result, latency);
  }

  const CircuitBreakerSettings settings_;
  Clock::time_point now_ = Clock::time_point(1h);
  CircuitBreaker breaker_{settings_};
};

TEST_F(CircuitBreakerTest, StaysClosedBelowItsShareOfFailures) {
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(Call(CallResult::kSuccess));
    ASSERT_TRUE(
        Call(i % 50 != 0 ? CallResult::kFailure : CallResult::kSuccess));
  }
  EXPECT_EQ(breaker_.state(), State::kClosed);
}

TEST_F(CircuitBreakerTest, OpensAtItsShareOfFailures) {
  Calls(20, CallResult::kSuccess);
  Calls(19, CallResult::kFailure);
  EXPECT_EQ(breaker_.state(), State::kClosed);
  Call(CallResult::kFailure);
  EXPECT_EQ(breaker_.state(), State::kOpen);
  EXPECT_EQ(breaker_.transitions(Cause::kFailures), 1);
  EXPECT_FALSE(Call(CallResult::kSuccess));
  EXPECT_EQ(breaker_.refused(), 1);
}

TEST_F(CircuitBreakerTest, FewCallsDoNotOpenIt) {
  Calls(settings_.minimum_calls - 1, CallResult::kFailure);
  EXPECT_EQ(breaker_.state(), State::kClosed);
}

TEST_F(CircuitBreakerTest, FailuresAreForgottenAfterTheWindow) {
  Calls(settings_.minimum_calls - 1, CallResult::kFailure);
  Advance(settings_.window);
  Calls(settings_.minimum_calls - 1, CallResult::kFailure);
  EXPECT_EQ(breaker_.state(), State::kClosed);
}

TEST_F(CircuitBreakerTest, OverloadAndTimeoutsAreFailures) {
  Calls(10, CallResult::kOverloaded);
  Calls(10, CallResult::kTimeout, settings_.stall.unknown / 10);
  EXPECT_EQ(breaker_.state(), State::kClosed) << "waited for too short a time";
  Calls(1, CallResult::kTimeout, settings_.stall.unknown);
  Calls(9, CallResult::kOverloaded);
  EXPECT_EQ(breaker_.state(), State::kClosed);
  Calls(20, CallResult::kOverloaded);
  EXPECT_EQ(breaker_.state(), State::kOpen);
}

TEST_F(CircuitBreakerTest, CancelledCallsCountForNothing) {
  Calls(1000, CallResult::kCancelled);
  EXPECT_EQ(breaker_.state(), State::kClosed);
}

TEST_F(CircuitBreakerTest, ImpatientCallersDoNotOpenIt) {
  Calls(10, CallResult::kSuccess, 20ms);
  for (int i = 0; i < 100; ++i) {
    Calls(10, CallResult::kTimeout, 10ms);
    Calls(1, CallResult::kSuccess, 20ms);
  }
  EXPECT_EQ(breaker_.state(), State::kClosed);
}

TEST_F(CircuitBreakerTest, LetsOneProbePassAfterItsBackoff) {
  Calls(20, CallResult::kFailure);
  Advance(settings_.open_min / 2 - 1us);
  EXPECT_FALSE(breaker_.Ask(now_).allowed);
  Advance(settings_.open_min);
  const Pass probe = breaker_.Ask(now_);
  EXPECT_TRUE(probe.allowed);
  EXPECT_TRUE(probe.probe);
  EXPECT_EQ(breaker_.state(), State::kHalfOpen);
  EXPECT_FALSE(breaker_.Ask(now_).allowed);
  breaker_.Tell(probe, CallResult::kSuccess, now_ + 1ms);
  EXPECT_EQ(breaker_.state(), State::kClosed);
  EXPECT_TRUE(Call(CallResult::kSuccess));
}

TEST_F(CircuitBreakerTest, ForgetsTheOutageOnceClosed) {
  Calls(20, CallResult::kFailure);
  Advance(settings_.open_min);
  Call(CallResult::kSuccess);
  Calls(settings_.minimum_calls - 1, CallResult::kFailure);
  EXPECT_EQ(breaker_.state(), State::kClosed);
}

TEST_F(CircuitBreakerTest, BackoffDoublesWithinItsJitterUpToItsCap) {
  Calls(20, CallResult::kFailure);
  for (const auto most : {100ms, 200ms, 400ms, 500ms, 500ms}) {
    const Clock::time_point opened = now_;
    while (!Call(CallResult::kFailure)) Advance(1ms);
    EXPECT_GE(now_ - opened, most / 2);
    EXPECT_LE(now_ - opened, most + 2ms);
  }
  EXPECT_EQ(breaker_.transitions(Cause::kProbeFailed), 5);
}

TEST_F(CircuitBreakerTest, CancelledProbeGivesItsPlaceBack) {
  Calls(20, CallResult::kFailure);
  Advance(settings_.open_min);
  EXPECT_TRUE(Call(CallResult::kCancelled));
  EXPECT_EQ(breaker_.state(), State::kOpen);
  EXPECT_TRUE(Call(CallResult::kSuccess));
  EXPECT_EQ(breaker_.state(), State::kClosed);
}

TEST_F(CircuitBreakerTest, ProbeThatDoesNotEndIsGivenUp) {
  Calls(20, CallResult::kFailure);
  Advance(settings_.open_min);
  const Pass probe = breaker_.Ask(now_);
  Advance(settings_.probe_timeout - 1us);
  EXPECT_FALSE(breaker_.Ask(now_).allowed);
  Advance(2 * settings_.open_min);
  const Pass next = breaker_.Ask(now_);
  EXPECT_TRUE(next.probe);
  EXPECT_EQ(breaker_.transitions(Cause::kProbeTimeout), 1);
  // The first one's end no longer counts...
  breaker_.Tell(probe, CallResult::kTimeout, now_ + 3s);
  EXPECT_EQ(breaker_.state(), State::kHalfOpen);
  EXPECT_FALSE(breaker_.Ask(now_).allowed);
}

TEST_F(CircuitBreakerTest, LateSuccessOfAProbeCloses) {
  Calls(20, CallResult::kFailure);
  Advance(settings_.open_min);
  const Pass probe = breaker_.Ask(now_);
  Advance(settings_.probe_timeout + 1ms);
  EXPECT_FALSE(breaker_.Ask(now_).allowed);
  EXPECT_EQ(breaker_.state(), State::kOpen);
  breaker_.Tell(probe, CallResult::kSuccess, now_);
  EXPECT_EQ(breaker_.state(), State::kClosed);
}

TEST(CircuitBreakerOffTest, CountsAndStaysClosed) {
  CircuitBreaker breaker({.enabled = false});
  Clock::time_point now(1h);
  for (int i = 0; i < 1000; ++i) {
    const Pass pass = breaker.Ask(now += 10ms);
    ASSERT_TRUE(pass.allowed);
    if (i % 2 == 0) breaker.Tell(pass, CallResult::kFailure, now);
  }
  EXPECT_EQ(breaker.state(), State::kClosed);
}

TEST(CircuitBreakerListenerTest, HearsOfEachTransitionInOrder) {
  std::vector<std::pair<State, State>> heard;
  CircuitBreaker breaker({}, 1, [&](const CircuitBreaker::Transition& change) {
    heard.emplace_back(change.from, change.to);
  });
  Clock::time_point now(1h);
  for (int i = 0; i < 20; ++i) {
    breaker.Tell(breaker.Ask(now), CallResult::kFailure, now);
  }
  now += 100ms;
  breaker.Tell(breaker.Ask(now), CallResult::kSuccess, now);
  const std::vector<std::pair<State, State>> expected = {
      {State::kClosed, State::kOpen},
      {State::kOpen, State::kHalfOpen},
      {State::kHalfOpen, State::kClosed}};
  EXPECT_EQ(heard, expected);
}

TEST(CircuitBreakerThreadsTest, OneProbeIsOutAtATime) {
  CircuitBreaker breaker({.open_min = 1us, .open_max = 1us});
  std::atomic<int64_t> ticks{1};
  std::atomic<int> probes{0};
  std::atomic<int> most{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) {
        const Clock::time_point now(Clock::duration(ticks += 1000));
        const Pass pass = breaker.Ask(now);
        if (pass.probe) most = std::max(most.load(), ++probes);
        if (pass.probe) --probes;
        breaker.Tell(pass,
                     i % 16 == 0 ? CallResult::kSuccess : CallResult::kFailure,
                     now);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(most, 1);
  EXPECT_GT(breaker.transitions(Cause::kFailures), 0);
  EXPECT_GT(breaker.transitions(Cause::kSuccess), 0);
}

}  // namespace
}  // namespace gather::fanout
