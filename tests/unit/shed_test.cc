#include "server/rpc/shed.h"

#include <gtest/gtest.h>

#include <chrono>

namespace gather::rpc {
namespace {

using namespace std::chrono_literals;
using async::Clock;

class ShedTest : public testing::Test {
 protected:
  // From now on somebody is in the queue all along.
  void Stand() { ASSERT_TRUE(shed_.Enter(now_, Clock::time_point::max())); }
  void StandNoMore() { shed_.Begin(now_, now_, Clock::time_point::max()); }
  // The queue is empty for a moment.
  void Drain() {
    StandNoMore();
    Stand();
  }

  // A request of its own, with nobody in the queue but who stands: is it begun
  // after `waited`, of the `time` from its arrival to its deadline.
  bool Admit(Clock::duration waited, Clock::duration time) {
    const Clock::time_point since = now_ - waited;
    const Clock::time_point deadline = time == Clock::duration::max()
                                           ? Clock::time_point::max()
                                           : since + time;
    return shed_.Enter(since, deadline) && shed_.Begin(now_, since, deadline);
  }

  // A request every millisecond; how many were begun.
  int Admitted(Clock::duration time, Clock::duration waited,
               Clock::duration each) {
    int admitted = 0;
    for (const auto end = now_ + time; now_ < end; now_ += 1ms) {
      admitted += Admit(waited, each);
    }
    return admitted;
  }

  const ShedSettings settings_;
  Clock::time_point now_ = Clock::time_point(1h);
  Shed shed_{settings_};
};

TEST_F(ShedTest, ShortWaitLetsAllPass) {
  EXPECT_EQ(Admitted(10s, settings_.target, 1ms), 10'000);
  EXPECT_EQ(shed_.refused(), 0);
}

TEST_F(ShedTest, RefusesWhatCanNotBeServedInTime) {
  const Clock::duration needed = 100ms + settings_.margin;
  EXPECT_TRUE(Admit(100ms, needed));
  EXPECT_FALSE(Admit(100ms, needed - 1ms));
  EXPECT_FALSE(Admit(100ms, -1ms));
  EXPECT_EQ(shed_.refused(), 2);
}

TEST_F(ShedTest, NegligibleWaitMakesNoRequestLate) {
  EXPECT_TRUE(Admit(settings_.negligible, settings_.negligible + 10ms));
  EXPECT_FALSE(Admit(settings_.negligible + 1ms, settings_.negligible + 10ms));
}

TEST_F(ShedTest, WaitThatLastsForLongerThanARequestsTimeIsOverload) {
  Stand();
  EXPECT_EQ(Admitted(1s, 300ms, 1s), 1000) << "may be a burst";
  EXPECT_EQ(Admitted(1s, 300ms, 1s), 0);
  EXPECT_EQ(Admitted(1s, 300ms, 10s), 1000) << "to that it may be one still";
  Drain();
  EXPECT_EQ(Admitted(1s, 100ms, 1s), 1000) << "a fifth of its last 500 ms";
}

TEST_F(ShedTest, QueueThatIsShortNowAndThenIsNoOverload) {
  Stand();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(Admitted(500ms, 300ms, 1s), 500);
    EXPECT_TRUE(Admit(settings_.target, 1s));
  }
}

TEST_F(ShedTest, QueueThatIsEmptyNowAndThenIsNoOverload) {
  for (int i = 0; i < 10; ++i) {
    Stand();
    EXPECT_EQ(Admitted(500ms, 300ms, 1s), 500);
    StandNoMore();
    now_ += 300ms;
  }
}

TEST_F(ShedTest, UnderOverloadAQueueMayStandForAMoment) {
  Stand();
  Admitted(2s, 300ms, 1s);
  for (int i = 0; i < 10; ++i) {
    Drain();
    EXPECT_EQ(std::chrono::milliseconds(Admitted(100ms, 300ms, 1s)),
              settings_.burst);
  }
}

TEST_F(ShedTest, ClosedLoopWithLongDeadlinesIsNotRefused) {
  Stand();
  EXPECT_EQ(Admitted(10s, 300ms, 3s), 10'000);
  EXPECT_EQ(Admitted(1s, 6ms, 500ms), 0) << "their time is short";
}

TEST_F(ShedTest, OverloadIsOverWhenNobodyHasWaitedForAWhile) {
  Stand();
  Admitted(2s, 300ms, 1s);
  Drain();
  Admitted(settings_.calm + 10ms, settings_.target, 1s);
  EXPECT_EQ(Admitted(500ms, 300ms, 1s), 500);
}

TEST_F(ShedTest, UnderOverloadWhatArrivesGetsNoPlaceInAQueueThatIsTooLong) {
  Stand();
  Admitted(2s, 300ms, 1s);
  // One more waits that came 300 ms ago, and another left the queue with it.
  const Clock::time_point since = now_ - 300ms;
  ASSERT_TRUE(shed_.Enter(since, since + 10s));
  ASSERT_TRUE(shed_.Enter(since, since + 10s));
  ASSERT_TRUE(shed_.Begin(now_, since, since + 10s));
  EXPECT_FALSE(shed_.Enter(now_, now_ + 1s));
  EXPECT_TRUE(shed_.Enter(now_, now_ + 10s));
}

TEST_F(ShedTest, BurstAfterAQuietTimeIsABurst) {
  Stand();
  Admitted(2s, 300ms, 1s);
  StandNoMore();
  now_ += 1h;
  // Together, of which the last is begun after a while.
  const Clock::time_point since = now_;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(shed_.Enter(since, since + 500ms));
  now_ += 300ms;
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(shed_.Begin(now_, since, since + 500ms));
  }
  EXPECT_TRUE(Admit(300ms, 500ms));
}

TEST_F(ShedTest, UnderOverloadShortDeadlinesAreTakenWhereNobodyWaits) {
  Stand();
  Admitted(2s, 300ms, 1s);
  StandNoMore();
  EXPECT_TRUE(shed_.Enter(now_, now_ + 10ms));
  EXPECT_TRUE(shed_.Enter(now_, now_ + 10ms));
  EXPECT_TRUE(shed_.Begin(now_ + 1ms, now_, now_ + 10ms));
}

TEST_F(ShedTest, NoDeadlineIsMetWhateverTheWait) {
  EXPECT_EQ(Admitted(10s, 10s, Clock::duration::max()), 10'000);
}

TEST(ShedOffTest, LetsAllPass) {
  Shed shed({.enabled = false});
  const Clock::time_point now(1h);
  EXPECT_TRUE(shed.Enter(now - 1h, now - 30min));
  EXPECT_TRUE(shed.Begin(now, now - 1h, now - 30min));
}

}  // namespace
}  // namespace gather::rpc
