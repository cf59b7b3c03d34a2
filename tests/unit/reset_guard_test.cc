#include "server/rpc/reset_guard.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace gather::rpc {
namespace {

using namespace std::chrono_literals;
using async::Clock;

constexpr int kLimit = 3;
constexpr Clock::time_point kNoDeadline = Clock::time_point::max();

class ResetGuardTest : public ::testing::Test {
 protected:
  // Calls of `peer` that were cancelled now, as soon as they were taken in.
  void Reset(const std::string& peer, int times) {
    for (int i = 0; i < times; ++i) {
      guard_.OnCancel(peer, now_ - 1ms, kNoDeadline, now_);
    }
  }

  Clock::time_point now_ = Clock::time_point(1000s);
  std::vector<std::string> floods_;
  ResetGuard guard_{
      kLimit, [this](const std::string& peer) { floods_.push_back(peer); }};
};

TEST_F(ResetGuardTest, AsManyAsTheLimitAreNoFlood) {
  Reset("a", kLimit);
  EXPECT_TRUE(floods_.empty());
}

TEST_F(ResetGuardTest, OneMoreIsToldOnce) {
  Reset("a", 5 * kLimit);
  EXPECT_EQ(floods_, std::vector<std::string>{"a"});
}

TEST_F(ResetGuardTest, PeersAreCountedApart) {
  Reset("a", kLimit);
  Reset("b", kLimit + 1);
  EXPECT_EQ(floods_, std::vector<std::string>{"b"});
}

TEST_F(ResetGuardTest, TheNextSecondCountsAnew) {
  Reset("a", kLimit);
  now_ += 1s;
  Reset("a", kLimit);
  EXPECT_TRUE(floods_.empty());
  now_ += 999ms;
  Reset("a", 1);
  EXPECT_EQ(floods_, std::vector<std::string>{"a"});
}

TEST_F(ResetGuardTest, CallThatRanForASecondWasNotResetAtOnce) {
  for (int i = 0; i <= kLimit; ++i) {
    guard_.OnCancel("a", now_ - 1s, kNoDeadline, now_);
  }
  EXPECT_TRUE(floods_.empty());
}

TEST_F(ResetGuardTest, DeadlineThatPassedIsNoReset) {
  for (int i = 0; i <= kLimit; ++i) {
    guard_.OnCancel("a", now_ - 1ms, now_, now_);
  }
  EXPECT_TRUE(floods_.empty());
}

TEST(ResetGuardWithoutLimitTest, NothingIsAFlood) {
  bool told = false;
  ResetGuard guard(0, [&](const std::string&) { told = true; });
  const Clock::time_point now(1000s);
  for (int i = 0; i < 10000; ++i) guard.OnCancel("a", now, kNoDeadline, now);
  EXPECT_FALSE(told);
}

}  // namespace
}  // namespace gather::rpc
