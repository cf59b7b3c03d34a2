#include "server/rpc/status.h"

#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "server/rpc/client_call.h"
#include "tests/support/error_details.h"

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

TEST(StatusTest, DetailsGoToTheCaller) {
  const grpc::Status sent =
      ToGrpc(WithErrorInfo(absl::UnavailableError("burnt"), "BURNT", "kitchen",
                           {{"section", "orders"}}));
  EXPECT_EQ(sent.error_message(), "burnt");
  const auto info = testing::DetailOf<google::rpc::ErrorInfo>(sent);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->reason(), "BURNT");
  EXPECT_EQ(info->domain(), "kitchen");
  EXPECT_EQ(info->metadata().at("section"), "orders");
}

TEST(StatusTest, InvalidFieldIsNamedForPeopleAndPrograms) {
  const absl::Status status = InvalidField("read_mask", "has no such path");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "read_mask: has no such path");
  const auto bad = testing::DetailOf<google::rpc::BadRequest>(ToGrpc(status));
  ASSERT_TRUE(bad.has_value());
  EXPECT_EQ(bad->field_violations(0).field(), "read_mask");
  EXPECT_EQ(bad->field_violations(0).description(), "has no such path");
}

TEST(StatusTest, ErrorWithoutDetailsSendsNone) {
  EXPECT_EQ(ToGrpc(absl::InternalError("x")).error_details(), "");
  EXPECT_EQ(ToGrpc(absl::OkStatus()).error_details(), "");
}

TEST(StatusTest, TextHasNoDetails) {
  EXPECT_EQ(TextOf(InvalidField("a", "b")), "INVALID_ARGUMENT: a: b");
  EXPECT_EQ(TextOf(absl::InternalError("")), "INTERNAL");
}

TEST(CallEndTest, StatusAloneIsNotEnough) {
  const grpc::ClientContext context;
  EXPECT_EQ(EndOf(true, grpc::Status::OK, context), CallEnd::kReplied);
  EXPECT_EQ(EndOf(false, grpc::Status::OK, context), CallEnd::kReplyUnreadable);
  EXPECT_EQ(StatusOf(CallEnd::kReplyUnreadable, grpc::Status::OK).code(),
            absl::StatusCode::kInternal);
}

TEST(CallEndTest, TooLargeIsToldFromOverload) {
  const grpc::ClientContext context;
  EXPECT_EQ(EndOf(true,
                  {grpc::StatusCode::RESOURCE_EXHAUSTED,
                   "Received message larger than max (9 vs. 4)"},
                  context),
            CallEnd::kReplyTooLarge);
  EXPECT_EQ(
      EndOf(true, {grpc::StatusCode::RESOURCE_EXHAUSTED, "busy"}, context),
      CallEnd::kFailed);
}

}  // namespace
}  // namespace gather::rpc
