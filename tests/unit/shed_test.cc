#include "server/rpc/shed.h"

#include <gtest/gtest.h>

#include <chrono>

namespace gather::rpc {
namespace {

using namespace std::chrono_literals;
using async::Clock;

class ShedTest : public testing::Test {
 protected:
  // Requests every millisecond, with that lag; how many were admitted.
  int Admitted(Clock::duration time, Clock::duration lag,
               Clock::duration left) {
    int admitted = 0;
    for (const auto end = now_ + time; now_ < end; now_ += 1ms) {
      admitted += shed_.Admit(now_, {.lag = lag}, left);
    }
    return admitted;
  }

  const ShedSettings settings_;
  Clock::time_point now_ = Clock::time_point(1h);
  Shed shed_{settings_};
};

TEST_F(ShedTest, SmallLagLetsAllPass) {
  EXPECT_EQ(Admitted(10s, settings_.target, 1ms), 10'000);
  EXPECT_EQ(shed_.refused(), 0);
}

TEST_F(ShedTest, RefusesWhatCanNotBeServedInTime) {
  const Clock::duration needed = settings_.passes * 100ms + settings_.margin;
  EXPECT_TRUE(shed_.Admit(now_, {.lag = 100ms}, needed));
  EXPECT_FALSE(shed_.Admit(now_, {.lag = 100ms}, needed - 1ms));
  EXPECT_FALSE(shed_.Admit(now_, {.lag = 100ms}, -1ms));
  EXPECT_EQ(shed_.refused(), 2);
}

TEST_F(ShedTest, SaturatedLoopRefusesWhatHasWaitedForTooLong) {
  const LoopLoad saturated = {.lag = 1ms, .busy = settings_.interval + 1ms};
  const Clock::duration needed = settings_.passes * 1ms + settings_.margin;
  EXPECT_TRUE(shed_.Admit(now_, saturated, needed));
  EXPECT_FALSE(shed_.Admit(now_, saturated, needed - 1ms));
  const LoopLoad busy = {.lag = 1ms, .busy = settings_.interval};
  EXPECT_TRUE(shed_.Admit(now_, busy, 1ms));
}

TEST_F(ShedTest, LagThatStaysIsOverload) {
  const auto patience = static_cast<int>(settings_.patience / 1ms);
  EXPECT_EQ(Admitted(settings_.patience, 300ms, 5s), patience);
  EXPECT_FALSE(shed_.overloaded());
  Admitted(10ms, 300ms, 5s);
  EXPECT_TRUE(shed_.overloaded());
  Admitted(5 * settings_.interval, 300ms, 5s);
  EXPECT_EQ(Admitted(1s, 300ms, 5s), 0);
  EXPECT_EQ(Admitted(100ms, settings_.target, 5s), 100);
}

TEST_F(ShedTest, LagThatComesAndGoesIsNone) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(Admitted(200ms, 300ms, 5s), 200);
    EXPECT_EQ(Admitted(200ms, 0ms, 5s), 200);
  }
}

TEST_F(ShedTest, QuietTimeIsNoOverload) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(shed_.Admit(now_, {.lag = 300ms}, 5s));
    now_ += 1s;
  }
}

TEST_F(ShedTest, OverloadIsOverWhenNobodyIsRefused) {
  Admitted(settings_.patience + 1s, 300ms, 5s);
  ASSERT_TRUE(shed_.overloaded());
  Admitted(settings_.calm + 10ms, 0ms, 5s);
  EXPECT_FALSE(shed_.overloaded());
  EXPECT_TRUE(shed_.Admit(now_, {.lag = 300ms}, 5s));
}

TEST_F(ShedTest, NoDeadlineIsNoReasonInABurst) {
  EXPECT_TRUE(shed_.Admit(now_, {.lag = 1s}, Clock::duration::max()));
}

TEST(ShedOffTest, LetsAllPass) {
  Shed shed({.enabled = false});
  EXPECT_TRUE(shed.Admit(Clock::time_point(1h), {.lag = 1h}, -1s));
}

}  // namespace
}  // namespace gather::rpc
