#include "server/rpc/grpc_workarounds/reset_guard.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace gather::rpc {
namespace {

using namespace std::chrono_literals;
using async::Clock;
using Peers = std::vector<std::string>;

constexpr int kLimit = 100;
constexpr int kMaxOpen = 200;
constexpr Clock::duration kTurn = 100ms;

class ResetCounterTest : public ::testing::Test {
 protected:
  // So many more calls on a connection, of which so many failed, and none is
  // answered yet.
  void Calls(ConnectionCounts& connection, int calls, int failed) {
    not_ok_ += calls;
    connection.streams_failed += failed;
  }

  // When what it was over by had its time to be excused.
  Peers LookLater() { return Look(500ms); }

  Peers Look(Clock::duration later) {
    now_ += later;
    if (!stuck_) turns_ += later / kTurn;
    const ResetCounter::Calls calls{.not_ok = not_ok_,
                                    .expired = expired_,
                                    .in_flight = in_flight_,
                                    .turns = {turns_, turns_},
                                    .late_turns = late_turns_};
    return counter_.Look(now_, calls, [this] {
      ++lists_;
      return std::vector<ConnectionCounts>{a_, b_};
    });
  }

  Clock::time_point now_ = Clock::time_point(1000s);
  int64_t not_ok_ = 1'000'000;
  int64_t expired_ = 5'000;
  int64_t in_flight_ = 0;
  int64_t turns_ = 300;
  int64_t late_turns_ = 10;
  bool stuck_ = false;  // the loops
  // Old connections: what they were through is no matter.
  ConnectionCounts a_{.id = 1, .peer = "a", .streams_failed = 5000};
  ConnectionCounts b_{.id = 2, .peer = "b", .streams_failed = 7};
  int lists_ = 0;
  ResetCounter counter_{kLimit, kMaxOpen};
};

TEST_F(ResetCounterTest, FindsTheConnectionThatIsOverTheLimit) {
  EXPECT_EQ(Look(0s), Peers{});
  Calls(a_, kLimit, kLimit);  // makes it look closer
  EXPECT_EQ(Look(20ms), Peers{});
  Calls(a_, kLimit, kLimit);
  EXPECT_EQ(Look(20ms), Peers{});
  Calls(a_, 1, 1);
  EXPECT_EQ(Look(20ms), Peers{});
  EXPECT_EQ(LookLater(), Peers{"a"});
}

TEST_F(ResetCounterTest, CallsThatAreAnsweredAreNoMatter) {
  EXPECT_EQ(Look(0s), Peers{});
  for (int i = 0; i < 40; ++i) {
    Calls(a_, kLimit, 0);
    EXPECT_EQ(Look(20ms), Peers{});
    not_ok_ -= kLimit;
    EXPECT_EQ(Look(20ms), Peers{});
  }
  EXPECT_GT(lists_, 0);
}

TEST_F(ResetCounterTest, CallsThatEndWellDoNotHideThoseThatAreReset) {
  not_ok_ += 10 * kLimit;  // in flight
  EXPECT_EQ(Look(0s), Peers{});
  not_ok_ -= 10 * kLimit;
  EXPECT_EQ(Look(20ms), Peers{});
  Calls(a_, kLimit, kLimit);
  EXPECT_EQ(Look(20ms), Peers{});
  Calls(a_, kLimit + 1, kLimit + 1);
  EXPECT_EQ(Look(20ms), Peers{});
  EXPECT_EQ(LookLater(), Peers{"a"});
}

TEST_F(ResetCounterTest, CallsThatExpiredAreNoMatter) {
  EXPECT_EQ(Look(0s), Peers{});
  Calls(a_, kLimit, kLimit);
  EXPECT_EQ(Look(20ms), Peers{});
  Calls(a_, 10 * kLimit, 10 * kLimit);
  expired_ += 10 * kLimit;
  EXPECT_EQ(Look(20ms), Peers{});
  Calls(a_, kLimit + 1, kLimit + 1);
  EXPECT_EQ(Look(20ms), Peers{});
  EXPECT_EQ(LookLater(), Peers{"a"});
}

// A loop that has much to do learns of it later than gRPC.
TEST_F(ResetCounterTest, CallsThatAreKnownLateToHaveExpiredAreNoMatter) {
  EXPECT_EQ(Look(0s), Peers{});
  Calls(a_, kLimit, 0);
  EXPECT_EQ(Look(20ms), Peers{});
  for (int round = 0; round < 5; ++round) {
    in_flight_ = 10 * kLimit;
    Calls(a_, 10 * kLimit, 10 * kLimit);
    for (int late = 0; late < 10; ++late) {
      EXPECT_EQ(Look(20ms), Peers{});
      expired_ += kLimit;
      in_flight_ -= kLimit;
    }
    EXPECT_EQ(Look(20ms), Peers{});
  }
}

TEST_F(ResetCounterTest, CallsInFlightExcuseNoMoreThanThereAre) {
  EXPECT_EQ(Look(0s), Peers{});
  Calls(a_, kLimit, 0);
  in_flight_ = 3 * kLimit;
  EXPECT_EQ(Look(20ms), Peers{});
  constexpr int kUnexcused = 4 * kLimit + 2 * kMaxOpen;
  Calls(a_, kUnexcused, kUnexcused);
  EXPECT_EQ(Look(20ms), Peers{});
  Calls(a_, 1, 1);
  EXPECT_EQ(Look(20ms), Peers{"a"});
}

// An attacker's own calls are in flight, too.
TEST_F(ResetCounterTest, CallsInFlightThatDoNotExpireAreAnExcuseForAWhile) {
  EXPECT_EQ(Look(0s), Peers{});
  Calls(a_, kLimit, 0);
  in_flight_ = 100 * kLimit;
  EXPECT_EQ(Look(20ms), Peers{});
  Calls(a_, 2 * kLimit, 2 * kLimit);
  EXPECT_EQ(Look(20ms), Peers{});
  EXPECT_EQ(Look(450ms), Peers{});
  EXPECT_EQ(Look(50ms), Peers{"a"});
}

// What expired is known only once a loop comes to it, however long that takes.
TEST_F(ResetCounterTest, WaitsForLoopsThatAreStuck) {
  EXPECT_EQ(Look(0s), Peers{});
  Calls(a_, kLimit, 0);
  EXPECT_EQ(Look(20ms), Peers{});
  Calls(a_, 2 * kLimit, 2 * kLimit);
  EXPECT_EQ(Look(20ms), Peers{});
  stuck_ = true;
  EXPECT_EQ(Look(3s), Peers{});
  stuck_ = false;
  EXPECT_EQ(Look(kTurn), Peers{});
  EXPECT_EQ(Look(kTurn), Peers{"a"});
}

// gRPC drops calls that expire before a loop takes them in.
TEST_F(ResetCounterTest, LoopsThatWereLateAreAnExcuse) {
  EXPECT_EQ(Look(0s), Peers{});
  Calls(a_, kLimit, 0);
  EXPECT_EQ(Look(20ms), Peers{});
  late_turns_ += 1;
  Calls(a_, 2 * kLimit, 2 * kLimit);
  EXPECT_EQ(Look(20ms), Peers{});
  EXPECT_EQ(LookLater(), Peers{});
}

TEST_F(ResetCounterTest, LoopsThatWereLateBeforeAreNoExcuse) {
  EXPECT_EQ(Look(0s), Peers{});
  late_turns_ += 1;
  EXPECT_EQ(Look(1s), Peers{});
  Calls(a_, kLimit, 0);
  EXPECT_EQ(Look(20ms), Peers{});
  Calls(a_, 2 * kLimit, 2 * kLimit);
  EXPECT_EQ(Look(20ms), Peers{});
  EXPECT_EQ(LookLater(), Peers{"a"});
}

// gRPC counts none of them as failed until somebody has taken them in.
TEST_F(ResetCounterTest, MoreThanMayBeOpenWereReset) {
  EXPECT_EQ(Look(0s), Peers{});
  Calls(a_, kLimit, 0);
  a_.streams_left = kMaxOpen;
  EXPECT_EQ(Look(20ms), Peers{});
  Calls(a_, kLimit, 0);
  a_.streams_left += kLimit;
  EXPECT_EQ(Look(20ms), Peers{});
  Calls(a_, 1, 0);
  a_.streams_left += 1;
  EXPECT_EQ(Look(20ms), Peers{});
  EXPECT_EQ(LookLater(), Peers{"a"});
}

// A loop takes them in, and they end only once the connection does.
TEST_F(ResetCounterTest, CallsInFlightDoNotExcuseThoseThatWereReset) {
  EXPECT_EQ(Look(0s), Peers{});
  Calls(a_, kLimit, 0);
  EXPECT_EQ(Look(20ms), Peers{});
  Calls(a_, 3 * kMaxOpen, 0);
  in_flight_ = a_.streams_left = 3 * kMaxOpen;
  EXPECT_EQ(Look(20ms), Peers{});
  Calls(a_, 1, 0);
  in_flight_ = a_.streams_left += 1;
  EXPECT_EQ(Look(20ms), Peers{"a"});
}

TEST_F(ResetCounterTest, ConnectionsAreNotAddedUp) {
  EXPECT_EQ(Look(0s), Peers{});
  Calls(a_, kLimit, 0);
  EXPECT_EQ(Look(20ms), Peers{});
  Calls(a_, kLimit, kLimit);
  Calls(b_, kLimit, kLimit);
  EXPECT_EQ(Look(20ms), Peers{});
}

TEST_F(ResetCounterTest, ConnectionThatIsNewCountsFromItsStart) {
  b_.id = 3;
  b_.streams_failed = 0;
  ConnectionCounts b = b_;
  b_ = a_;
  EXPECT_EQ(Look(0s), Peers{});
  Calls(a_, kLimit, 0);
  EXPECT_EQ(Look(20ms), Peers{});
  b_ = b;
  Calls(b_, kLimit + 1, kLimit + 1);
  EXPECT_EQ(Look(20ms), Peers{});
  EXPECT_EQ(LookLater(), Peers{"b"});
}

TEST_F(ResetCounterTest, EverySecondCountsAnew) {
  EXPECT_EQ(Look(0s), Peers{});
  for (int second = 0; second < 5; ++second) {
    Calls(a_, kLimit / 2, kLimit / 2);
    EXPECT_EQ(Look(500ms), Peers{});
    Calls(a_, kLimit / 2, kLimit / 2);
    EXPECT_EQ(Look(500ms), Peers{});
  }
  EXPECT_GT(lists_, 0);
}

TEST_F(ResetCounterTest, LooksThatAreFarApartFindItToo) {
  EXPECT_EQ(Look(0s), Peers{});
  Calls(a_, 2 * kLimit, 2 * kLimit);
  EXPECT_EQ(Look(1200ms), Peers{});  // only now is known what was before
  Calls(a_, 2 * kLimit, 2 * kLimit);
  EXPECT_EQ(Look(1200ms), Peers{});
  Calls(a_, kLimit, kLimit);  // fewer than that in each second
  EXPECT_EQ(Look(1200ms), Peers{"a"});
  EXPECT_EQ(Look(1200ms), Peers{});
}

TEST_F(ResetCounterTest, ConnectionsAreNotListedWhileCallsAreFew) {
  EXPECT_EQ(Look(0s), Peers{});
  for (int second = 0; second < 10; ++second) {
    Calls(a_, kLimit / 2, kLimit / 2);
    EXPECT_EQ(Look(1s), Peers{});
  }
  EXPECT_EQ(lists_, 0);
}

}  // namespace
}  // namespace gather::rpc
