#include "server/rpc/stop_cause.h"

#include <gtest/gtest.h>

#include <chrono>

#include "server/async/clock.h"

namespace gather::rpc {
namespace {

using namespace std::chrono_literals;
using async::Clock;

TEST(StopCauseTest, EachHasItsStatus) {
  EXPECT_TRUE(StopStatus(StopCause::kNone).ok());
  EXPECT_EQ(StopStatus(StopCause::kCallerLeft).error_code(),
            grpc::StatusCode::CANCELLED);
  EXPECT_EQ(StopStatus(StopCause::kDeadlineExceeded).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(StopStatus(StopCause::kDraining).error_code(),
            grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(StopStatus(StopCause::kSendTimeout).error_code(),
            grpc::StatusCode::CANCELLED);
  EXPECT_EQ(StopStatus(StopCause::kSendFailed).error_code(),
            grpc::StatusCode::INTERNAL);
}

TEST(StopCauseTest, CancelNearTheDeadlineIsTheDeadlines) {
  const Clock::time_point start = Clock::now();
  const auto cause = [&](Clock::duration timeout, Clock::duration left) {
    const Clock::time_point deadline = start + timeout;
    return CauseOfCancel(start, deadline, deadline - left);
  };
  EXPECT_EQ(cause(1s, -1s), StopCause::kDeadlineExceeded);
  EXPECT_EQ(cause(1s, 0s), StopCause::kDeadlineExceeded);
  EXPECT_EQ(cause(1s, 55ms), StopCause::kDeadlineExceeded);
  EXPECT_EQ(cause(1s, 65ms), StopCause::kCallerLeft);
  EXPECT_EQ(cause(1h, 2min), StopCause::kDeadlineExceeded);
  EXPECT_EQ(cause(1h, 4min), StopCause::kCallerLeft);
  EXPECT_EQ(cause(1ms, 1ms), StopCause::kDeadlineExceeded);
}

TEST(StopCauseTest, WhatIsReadLateMayHaveExpired) {
  const Clock::time_point now = Clock::now();
  const auto expired = [now](Clock::time_point deadline) {
    return MayHaveExpired(StopCause::kCallerLeft, deadline, now);
  };
  EXPECT_TRUE(expired(now - 1h));
  EXPECT_TRUE(expired(now + 100ms));
  EXPECT_FALSE(expired(now + 101ms));
  EXPECT_TRUE(expired(Clock::time_point::min()));
  EXPECT_FALSE(expired(Clock::time_point::max()));
  // 5 % of an hour before its end, that is.
  EXPECT_TRUE(MayHaveExpired(StopCause::kDeadlineExceeded, now + 3min, now));
  EXPECT_FALSE(MayHaveExpired(StopCause::kDraining, now, now));
  EXPECT_FALSE(MayHaveExpired(StopCause::kNone, now, now));
}

TEST(StopCauseTest, DeadlinesMayBeAnywhere) {
  const Clock::time_point now = Clock::now();
  EXPECT_EQ(CauseOfCancel(now, Clock::time_point::max(), now),
            StopCause::kCallerLeft);
  EXPECT_EQ(CauseOfCancel(now, Clock::time_point::min(), now),
            StopCause::kDeadlineExceeded);
}

}  // namespace
}  // namespace gather::rpc
