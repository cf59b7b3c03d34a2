#include "server/rpc/status.h"

#include <gtest/gtest.h>

#include "server/rpc/client_call.h"

namespace gather::rpc {
namespace {

TEST(StatusTest, KeepsCodeAndMessageBothWays) {
  for (int code = 0; code <= 16; ++code) {
    const grpc::Status from(static_cast<grpc::StatusCode>(code),
                            code == 0 ? "" : "why");
    const absl::Status absl_status = ToAbsl(from);
    EXPECT_EQ(static_cast<int>(absl_status.code()), code);
    const grpc::Status back = ToGrpc(absl_status);
    EXPECT_EQ(back.error_code(), from.error_code());
    EXPECT_EQ(back.error_message(), from.error_message());
  }
}

TEST(StatusTest, CodeThatDoesNotExistIsUnknown) {
  for (const int code : {-1, 17, 999}) {
    EXPECT_EQ(
        ToAbsl(grpc::Status(static_cast<grpc::StatusCode>(code), "")).code(),
        absl::StatusCode::kUnknown);
  }
}

TEST(StatusTest, ReasonRidesOnTheStatus) {
  const absl::Status plain = absl::InternalError("x");
  EXPECT_EQ(ReasonOf(plain), "");
  EXPECT_EQ(ReasonOf(WithReason(plain, "BURNT")), "BURNT");
}

TEST(UnaryOutcomeTest, StatusAloneIsNotEnough) {
  EXPECT_TRUE(UnaryOutcome(true, grpc::Status::OK).ok());
  const absl::Status garbage = UnaryOutcome(false, grpc::Status::OK);
  EXPECT_EQ(garbage.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(ReasonOf(garbage), kReplyUnreadable);
}

TEST(UnaryOutcomeTest, TooLargeIsToldFromOverload) {
  EXPECT_EQ(ReasonOf(UnaryOutcome(
                true, {grpc::StatusCode::RESOURCE_EXHAUSTED,
                       "Received message larger than max (9 vs. 4)"})),
            kReplyTooLarge);
  EXPECT_EQ(ReasonOf(UnaryOutcome(
                true, {grpc::StatusCode::RESOURCE_EXHAUSTED, "busy"})),
            "");
}

}  // namespace
}  // namespace gather::rpc
