#include <string>

#include "client/failure.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/support/status.h"
#include "gtest/gtest.h"

namespace gather::client {
namespace {

using ::testing::EndsWith;
using ::testing::Not;

std::string Describe(const grpc::Status& status) {
  return DescribeFailure(status, {.server = "localhost:1"});
}

grpc::Status NotFound(const google::rpc::Status& details) {
  return {grpc::StatusCode::NOT_FOUND, "no such user",
          details.SerializeAsString()};
}

TEST(DescribeFailureTest, NamesCodeMessageAndServer) {
  EXPECT_EQ(Describe({grpc::StatusCode::NOT_FOUND, "no such user"}),
            "NOT_FOUND: no such user (localhost:1)");
  EXPECT_EQ(Describe({static_cast<grpc::StatusCode>(77), "a\nb\u2066"}),
            "code 77: a\\nb\\u2066 (localhost:1)");
}

TEST(DescribeFailureTest, SaysSoWhereTheServerGaveNoReason) {
  EXPECT_EQ(Describe({grpc::StatusCode::UNIMPLEMENTED, ""}),
            "UNIMPLEMENTED: the server has no such method (localhost:1)");
  EXPECT_EQ(Describe({grpc::StatusCode::INTERNAL, ""}),
            "INTERNAL: the server gave no reason (localhost:1)");
}

TEST(DescribeFailureTest, NamesTheReasonInTheDetails) {
  google::rpc::BadRequest request;
  request.add_field_violations()->set_field("user_id");
  google::rpc::ErrorInfo info;
  info.set_reason("USER_NOT_FOUND");
  google::rpc::Status details;
  EXPECT_TRUE(details.add_details()->PackFrom(request));
  EXPECT_EQ(Describe(NotFound(details)),
            "NOT_FOUND: no such user (localhost:1)");
  EXPECT_TRUE(details.add_details()->PackFrom(info));
  EXPECT_EQ(Describe(NotFound(details)),
            "NOT_FOUND: no such user [USER_NOT_FOUND] (localhost:1)");
}

TEST(DescribeFailureTest, StaysOneShortLineWhateverTheDetailsAre) {
  EXPECT_EQ(Describe({grpc::StatusCode::NOT_FOUND, "gone", "\xff\xff"}),
            "NOT_FOUND: gone (localhost:1)");
  google::rpc::ErrorInfo info;
  info.set_reason("A\n" + std::string(10'000, 'X'));
  google::rpc::Status details;
  EXPECT_TRUE(details.add_details()->PackFrom(info));
  const std::string line = Describe(NotFound(details));
  EXPECT_THAT(line, Not(::testing::HasSubstr("\n")));
  EXPECT_LT(line.size(), 200u);
  details.mutable_details(0)->set_value("\xff");
  EXPECT_EQ(Describe(NotFound(details)),
            "NOT_FOUND: no such user (localhost:1)");
}

TEST(DescribeFailureTest, HasNoHintForACallThatBrokeOnItsWay) {
  EXPECT_THAT(Describe({grpc::StatusCode::UNAVAILABLE, "Socket closed"}),
              EndsWith("Socket closed (localhost:1)"));
}

}  // namespace
}  // namespace gather::client
