// How the breaker finds a backend that hangs before its calls time out, and
// what it must not take for one.

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "server/fanout/policy/circuit_breaker.h"

namespace gather::fanout {
namespace {

using namespace std::chrono_literals;
using async::Clock;
using Cause = CircuitBreaker::Cause;
using Pass = CircuitBreaker::Pass;
using State = CircuitBreaker::State;

class StallTest : public testing::Test {
 protected:
  void Advance(Clock::duration by) { now_ += by; }

  // Calls one after the other.
  bool Call(CallResult result, Clock::duration latency) {
    const Pass pass = breaker_.Ask(now_);
    Advance(latency);
    breaker_.Tell(pass, result, now_);
    return pass.allowed;
  }
  void Calls(int count, CallResult result, Clock::duration latency) {
    for (int i = 0; i < count; ++i) Call(result, latency);
  }

  // Calls that nobody answers, one every 10 ms.
  std::vector<Pass> Hang(Clock::duration time) {
    std::vector<Pass> passes;
    for (const auto end = now_ + time; now_ < end; Advance(10ms)) {
      passes.push_back(breaker_.Ask(now_));
    }
    return passes;
  }

  const CircuitBreakerSettings settings_;
  Clock::time_point now_ = Clock::time_point(1h);
  CircuitBreaker breaker_{settings_};
};

TEST_F(StallTest, OpensWhenTheBackendStalls) {
  Calls(200, CallResult::kSuccess, 5ms);
  Hang(settings_.stall.at_least);
  EXPECT_EQ(breaker_.state(), State::kClosed);
  Hang(50ms);
  EXPECT_EQ(breaker_.state(), State::kOpen);
  EXPECT_EQ(breaker_.transitions(Cause::kStall), 1);
}

TEST_F(StallTest, BeforeAnyAnswerItWaitsForHalfOfTheTimeout) {
  Hang(settings_.stall.unknown);
  EXPECT_EQ(breaker_.state(), State::kClosed);
  Hang(50ms);
  EXPECT_EQ(breaker_.state(), State::kOpen);
}

TEST_F(StallTest, FewCallsThatWaitAreNoStall) {
  Calls(200, CallResult::kSuccess, 5ms);
  for (int i = 0; i < settings_.stall.calls - 1; ++i) {
    EXPECT_TRUE(breaker_.Ask(now_).allowed);
    Advance(90ms);
  }
  EXPECT_EQ(breaker_.state(), State::kClosed);
}

TEST_F(StallTest, BackendThatIsAlwaysSlowIsNoStall) {
  Call(CallResult::kSuccess, 2s);
  const std::vector<Pass> passes = Hang(2s);
  EXPECT_EQ(breaker_.state(), State::kClosed);
  for (const Pass& pass : passes) {
    breaker_.Tell(pass, CallResult::kSuccess, pass.since + 2s);
  }
  Hang(2s);
  EXPECT_EQ(breaker_.state(), State::kClosed);
}

TEST_F(StallTest, NobodyIsSilentWhereNobodyAsks) {
  Calls(200, CallResult::kSuccess, 5ms);
  Advance(1h);
  Hang(settings_.stall.at_least / 2);
  EXPECT_EQ(breaker_.state(), State::kClosed);
}

TEST_F(StallTest, OwnStandstillIsNoStall) {
  Calls(200, CallResult::kSuccess, 5ms);
  Hang(200ms);
  Advance(10s);  // the process was stopped; now it takes up what has come in
  Hang(300ms);
  EXPECT_EQ(breaker_.state(), State::kClosed);
}

TEST_F(StallTest, AnswerAfterAllEndsAStall) {
  Calls(200, CallResult::kSuccess, 5ms);
  const std::vector<Pass> passes = Hang(settings_.stall.at_least + 30ms);
  ASSERT_EQ(breaker_.state(), State::kOpen);
  breaker_.Tell(passes.front(), CallResult::kSuccess, now_);
  EXPECT_EQ(breaker_.state(), State::kClosed);
  Hang(2s);  // it is known to take a second now
  EXPECT_EQ(breaker_.state(), State::kClosed);
}

TEST_F(StallTest, AnswerAfterAllDoesNotEndFailures) {
  const Pass before = breaker_.Ask(now_);
  Calls(20, CallResult::kFailure, 1ms);
  breaker_.Tell(before, CallResult::kSuccess, now_);
  EXPECT_EQ(breaker_.state(), State::kOpen);
}

TEST_F(StallTest, OldFailuresDoNotOpenItAgain) {
  Calls(200, CallResult::kSuccess, 5ms);
  const std::vector<Pass> passes = Hang(settings_.stall.at_least + 30ms);
  Advance(settings_.open_max);
  ASSERT_TRUE(Call(CallResult::kSuccess, 5ms));
  for (const Pass& pass : passes) {
    breaker_.Tell(pass, CallResult::kTimeout, now_ + 3s);
  }
  EXPECT_EQ(breaker_.state(), State::kClosed);
}

// Nobody gets in: the limit is full of calls that hang.
TEST_F(StallTest, IsSeenByCallsThatAreRefusedElsewhere) {
  Calls(200, CallResult::kSuccess, 5ms);
  for (int i = 0; i < settings_.stall.calls; ++i) breaker_.Ask(now_);
  for (const auto end = now_ + 2 * settings_.stall.at_least; now_ < end;) {
    Advance(10ms);
    const Pass probe = breaker_.AskForProbe(now_);
    if (!probe.allowed) continue;
    EXPECT_TRUE(probe.probe);
    breaker_.Tell(probe, CallResult::kSuccess, now_);
    break;
  }
  EXPECT_EQ(breaker_.transitions(Cause::kStall), 1);
  EXPECT_EQ(breaker_.state(), State::kClosed);
  EXPECT_FALSE(breaker_.AskForProbe(now_).allowed) << "while closed";
}

}  // namespace
}  // namespace gather::fanout
