#include "server/aggregator/failure.h"

#include <gtest/gtest.h>

#include <string>

#include "server/rpc/status.h"

namespace gather::aggregator {
namespace {

TEST(FailureTest, BackendsOwnWordsAreNotPassedOn) {
  for (int code = 1; code <= 16; ++code) {
    const Failure failure = Describe(
        absl::Status(static_cast<absl::StatusCode>(code), "password=hunter2"));
    EXPECT_EQ(static_cast<int>(failure.code), code);
    EXPECT_EQ(failure.message.find("hunter2"), std::string::npos);
    EXPECT_FALSE(failure.message.empty());
    EXPECT_FALSE(failure.reason.empty());
  }
}

// The code alone does not say who cancelled.
TEST(FailureTest, BackendThatCancelsIsABackendThatFails) {
  EXPECT_EQ(Describe(absl::CancelledError("by the backend")).reason,
            "BACKEND_ERROR");
}

TEST(FailureTest, ReasonOfTheCallWinsOverTheCode) {
  EXPECT_EQ(
      Describe(rpc::WithReason(absl::InternalError(""), rpc::kReplyUnreadable))
          .reason,
      "REPLY_UNREADABLE");
  EXPECT_EQ(Describe(absl::InternalError("")).reason, "BACKEND_ERROR");
  EXPECT_EQ(Describe(absl::UnavailableError("")).reason, "BACKEND_UNAVAILABLE");
  EXPECT_EQ(Describe(absl::DeadlineExceededError("")).reason,
            "BACKEND_TIMEOUT");
}

TEST(FailureTest, UnknownReasonFallsBackToTheCode) {
  EXPECT_EQ(Describe(rpc::WithReason(absl::UnavailableError(""), "ODD")).reason,
            "BACKEND_UNAVAILABLE");
}

}  // namespace
}  // namespace gather::aggregator
