#include "server/rpc/grpc_workarounds/half_sent.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace gather::rpc {
namespace {

using namespace std::chrono_literals;
using async::Clock;
using Peers = std::vector<std::string>;

class SilentConnectionsTest : public ::testing::Test {
 protected:
  Peers Look(Clock::duration later) {
    now_ += later;
    return connections_.Look(now_, {a_, b_});
  }

  Clock::time_point now_ = Clock::time_point(1000s);
  ConnectionCounts a_{.id = 1, .peer = "a"};
  ConnectionCounts b_{.id = 2, .peer = "b"};
  SilentConnections connections_{10s};
};

TEST_F(SilentConnectionsTest, FindsTheOneWithACallAndNoMessageForSoLong) {
  a_.streams_left = 1;
  EXPECT_EQ(Look(0s), Peers{});
  EXPECT_EQ(Look(9s), Peers{});
  EXPECT_EQ(Look(1s), Peers{"a"});
  EXPECT_EQ(Look(1s), Peers{"a"});
}

TEST_F(SilentConnectionsTest, ConnectionWithoutCallsMayBeSilent) {
  EXPECT_EQ(Look(0s), Peers{});
  EXPECT_EQ(Look(100s), Peers{});
}

TEST_F(SilentConnectionsTest, EachMessageStartsTheTimeAnew) {
  a_.streams_left = b_.streams_left = 3;
  EXPECT_EQ(Look(0s), Peers{});
  for (int i = 0; i < 5; ++i) {
    a_.messages += 1;
    b_.messages += 100;
    EXPECT_EQ(Look(9s), Peers{});
  }
  a_.messages += 1;
  EXPECT_EQ(Look(10s), Peers{"b"});
}

TEST_F(SilentConnectionsTest, NewCallsDoNot) {
  a_.streams_left = 1;
  EXPECT_EQ(Look(0s), Peers{});
  a_.streams_left = 2;
  EXPECT_EQ(Look(9s), Peers{});
  a_.streams_left = 3;
  EXPECT_EQ(Look(1s), Peers{"a"});
}

TEST_F(SilentConnectionsTest, TimeWithoutCallsIsNotCounted) {
  a_.streams_left = 1;
  EXPECT_EQ(Look(0s), Peers{});
  a_.streams_left = 0;
  EXPECT_EQ(Look(9s), Peers{});
  a_.streams_left = 1;
  EXPECT_EQ(Look(9s), Peers{});
  EXPECT_EQ(Look(9s), Peers{});
  EXPECT_EQ(Look(1s), Peers{"a"});
}

}  // namespace
}  // namespace gather::rpc
