// When the whole request fails, and what the caller is told then.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "google/rpc/error_details.pb.h"
#include "tests/support/aggregator_fixture.h"
#include "tests/support/error_details.h"
#include "tests/support/replies.h"

namespace gather::testing {
namespace {

namespace v1 = aggregator::v1;
using grpc::StatusCode;
using ::testing::HasSubstr;

constexpr char kRawText[] = "mysql://root:hunter2@10.0.0.7";

TEST(FailureTest, UnknownUserIsNotFoundAndTheOthersAreCancelled) {
  AggregatorFixture fixture;
  Gate gate;
  fixture.user.SetScript({Fail(StatusCode::NOT_FOUND, "", &gate)});
  fixture.orders.SetScript({NeverAnswer()});
  fixture.products.SetScript({NeverAnswer()});

  PendingOverview overview(fixture.stub(), RequestFor("u-1"));
  ASSERT_TRUE(fixture.orders.calls().WaitFor(1));
  ASSERT_TRUE(fixture.products.calls().WaitFor(1));
  gate.Open();
  EXPECT_EQ(overview.Await().status.error_code(), StatusCode::NOT_FOUND);
  EXPECT_TRUE(fixture.orders.cancellations().WaitFor(1));
  EXPECT_TRUE(fixture.products.cancellations().WaitFor(1));
}

TEST(FailureTest, NotFoundFromAnotherBackendCostsOnlyItsSection) {
  AggregatorFixture fixture;
  fixture.orders.SetScript({Fail(StatusCode::NOT_FOUND)});
  const Overview overview = fixture.Get(RequestFor("u-1"));
  ASSERT_TRUE(overview.status.ok()) << overview.status.error_message();
  EXPECT_EQ(overview.response.orders().status().code(), StatusCode::NOT_FOUND);
  EXPECT_TRUE(IsRight(overview.response.user(), "u-1"));
}

TEST(FailureTest, RequiredSectionThatFailsEndsTheRequestAtOnce) {
  AggregatorFixture fixture;
  Gate gate;
  fixture.user.SetScript({NeverAnswer()});
  fixture.orders.SetScript({NeverAnswer()});
  fixture.products.SetScript({Fail(StatusCode::RESOURCE_EXHAUSTED, "", &gate)});
  v1::GetOverviewRequest request = RequestFor("u-1");
  request.mutable_required_mask()->add_paths("products");

  PendingOverview overview(fixture.stub(), request);
  ASSERT_TRUE(fixture.user.calls().WaitFor(1));
  ASSERT_TRUE(fixture.orders.calls().WaitFor(1));
  gate.Open();
  EXPECT_EQ(overview.Await().status.error_code(),
            StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(overview.Await().status.error_message(), HasSubstr("products"));
  EXPECT_TRUE(fixture.user.cancellations().WaitFor(1));
  EXPECT_TRUE(fixture.orders.cancellations().WaitFor(1));
}

TEST(FailureTest, FirstRequiredSectionToFailGivesTheCode) {
  AggregatorFixture fixture;
  Gate gate;
  fixture.user.SetScript({NeverAnswer()});
  fixture.orders.SetScript({Fail(StatusCode::RESOURCE_EXHAUSTED, "", &gate)});
  v1::GetOverviewRequest request = RequestFor("u-1");
  request.mutable_required_mask()->add_paths("user");
  request.mutable_required_mask()->add_paths("orders");

  PendingOverview overview(fixture.stub(), request);
  ASSERT_TRUE(fixture.user.calls().WaitFor(1));
  gate.Open();
  EXPECT_EQ(overview.Await().status.error_code(),
            StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(overview.Await().status.error_message(), HasSubstr("orders"));
}

// The user's call is between two attempts when the orders fail: its last word
// was UNAVAILABLE, but it is not what the request failed of.
TEST(FailureTest, SectionThatWaitsToRetryIsNotTheOneThatFailed) {
  FixtureOptions options;
  options.retry.initial_backoff = kPatience / 2;
  AggregatorFixture fixture(options);
  Gate gate;
  fixture.user.SetScript({Fail(StatusCode::UNAVAILABLE)});
  fixture.orders.SetScript({Fail(StatusCode::RESOURCE_EXHAUSTED, "", &gate)});
  v1::GetOverviewRequest request = RequestFor("u-1");
  request.mutable_required_mask()->add_paths("user");
  request.mutable_required_mask()->add_paths("orders");

  PendingOverview overview(fixture.stub(), request);
  ASSERT_TRUE(fixture.user.calls().WaitFor(1));
  gate.Open();
  EXPECT_EQ(overview.Await().status.error_code(),
            StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(overview.Await().status.error_message(), HasSubstr("orders"));
}

TEST(FailureTest, EverySectionFailedWithOneCodeGivesThatCode) {
  AggregatorFixture fixture;
  for (FakeBackend* backend :
       {&fixture.user, &fixture.orders, &fixture.products}) {
    backend->SetScript({Fail(StatusCode::RESOURCE_EXHAUSTED)});
  }
  const Overview overview = fixture.Get(RequestFor("u-1"));
  EXPECT_EQ(overview.status.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(overview.status.error_message(), HasSubstr("every"));
}

TEST(FailureTest, EverySectionFailedEachInItsWayIsUnavailable) {
  AggregatorFixture fixture;
  fixture.user.SetScript({Fail(StatusCode::INTERNAL)});
  fixture.orders.SetScript({Fail(StatusCode::RESOURCE_EXHAUSTED)});
  fixture.products.SetScript({Fail(StatusCode::INTERNAL)});
  const Overview overview = fixture.Get(RequestFor("u-1"));
  EXPECT_EQ(overview.status.error_code(), StatusCode::UNAVAILABLE);
  EXPECT_THAT(overview.status.error_message(), HasSubstr("every"));
}

TEST(FailureTest, OnlyRequestedSectionFailedGivesItsCode) {
  AggregatorFixture fixture;
  fixture.orders.SetScript({Fail(StatusCode::RESOURCE_EXHAUSTED)});
  v1::GetOverviewRequest request = RequestFor("u-1");
  request.mutable_read_mask()->add_paths("orders");
  const Overview overview = fixture.Get(request);
  EXPECT_EQ(overview.status.error_code(), StatusCode::RESOURCE_EXHAUSTED);
}

// The caller did nothing wrong where a backend does not take our request.
TEST(FailureTest, ContractDriftOfABackendIsNotTheCallersFault) {
  AggregatorFixture fixture;
  v1::GetOverviewRequest request = RequestFor("u-1");
  request.mutable_required_mask()->add_paths("orders");
  for (const StatusCode code :
       {StatusCode::INVALID_ARGUMENT, StatusCode::CANCELLED,
        StatusCode::UNIMPLEMENTED, StatusCode::NOT_FOUND,
        StatusCode::PERMISSION_DENIED}) {
    fixture.orders.SetScript({Fail(code)});
    const Overview overview = fixture.Get(request);
    EXPECT_EQ(overview.status.error_code(), StatusCode::INTERNAL) << code;
    const auto info = DetailOf<google::rpc::ErrorInfo>(overview.status);
    ASSERT_TRUE(info.has_value());
    EXPECT_EQ(info->domain(), "gather.aggregator.v1");
    EXPECT_EQ(info->metadata().at("section"), "orders");
  }
}

TEST(FailureTest, RawTextOfABackendNeverReachesTheClient) {
  AggregatorFixture fixture;
  fixture.orders.SetScript({Fail(StatusCode::INTERNAL, kRawText)});
  const Overview partial = fixture.Get(RequestFor("u-1"));
  ASSERT_TRUE(partial.status.ok()) << partial.status.error_message();
  EXPECT_EQ(partial.response.SerializeAsString().find(kRawText),
            std::string::npos);

  v1::GetOverviewRequest required = RequestFor("u-1");
  required.mutable_required_mask()->add_paths("orders");
  v1::GetOverviewRequest only = RequestFor("u-1");
  only.mutable_read_mask()->add_paths("orders");
  for (const v1::GetOverviewRequest& request : {required, only}) {
    const Overview failed = fixture.Get(request);
    EXPECT_EQ(failed.status.error_code(), StatusCode::INTERNAL);
    EXPECT_EQ(failed.status.error_message().find(kRawText), std::string::npos);
    EXPECT_EQ(failed.status.error_details().find(kRawText), std::string::npos);
  }

  fixture.user.SetScript({Fail(StatusCode::NOT_FOUND, kRawText)});
  const Overview not_found = fixture.Get(RequestFor("u-1"));
  EXPECT_EQ(not_found.status.error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(not_found.status.error_message().find(kRawText), std::string::npos);
}

}  // namespace
}  // namespace gather::testing
