#include "server/aggregator/merge.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "server/aggregator/failure.h"
#include "server/rpc/status.h"

namespace gather::aggregator {
namespace {

using namespace std::chrono_literals;
using async::Clock;

const Clock::time_point kStart = Clock::time_point(1000s);

template <typename Reply>
SectionResult<Reply> Called(absl::StatusOr<Reply> reply, Clock::duration offset,
                            Clock::duration duration) {
  SectionResult<Reply> result;
  result.reply = std::move(reply);
  result.start = kStart + offset;
  result.duration = duration;
  result.attempts = 1;
  return result;
}

// A reply as it comes from the wire, known no further than it has to be.
ListReply Received(const google::protobuf::Message& whole) {
  ListReply reply;
  EXPECT_TRUE(reply.ParseFromString(whole.SerializeAsString()));
  return reply;
}

// Of all branches: the outcome, and the response as its reader sees it.
absl::Status MergeAndRead(FanOutResult result, v1::GetOverviewResponse* read) {
  v1::GetOverviewResponse response;
  absl::Status outcome = Merge(std::move(result), &response);
  EXPECT_TRUE(read->ParseFromString(response.SerializeAsString()));
  return outcome;
}

// The article's three calls: 2 s, 1.5 s and 1 s, all well.
FanOutResult AllWell() {
  UserSource::Reply user;
  user.mutable_user()->set_id("alice");
  order::v1::ListOrdersResponse orders;
  orders.set_user_id("alice");
  orders.add_orders()->set_id("order-1");
  orders.set_total_size(12);
  orders.set_next_page_token("next");
  product::v1::ListRecommendedProductsResponse products;
  products.set_user_id("alice");
  products.add_products()->set_id("wok");
  return {.user = Called<UserSource::Reply>(user, 0ms, 2s),
          .orders = Called<ListReply>(Received(orders), 1ms, 1500ms),
          .products = Called<ListReply>(Received(products), 2ms, 1s),
          .times = {.start = kStart,
                    .end = kStart + 2s,
                    .wall_start =
                        std::chrono::system_clock::time_point(1700000000s)}};
}

TEST(MergeTest, PutsEverySectionIn) {
  v1::GetOverviewResponse response;
  ASSERT_TRUE(MergeAndRead(AllWell(), &response).ok());
  EXPECT_TRUE(response.complete());
  EXPECT_EQ(response.user().user().id(), "alice");
  EXPECT_EQ(response.orders().orders(0).id(), "order-1");
  EXPECT_EQ(response.orders().total_size(), 12);
  EXPECT_EQ(response.orders().next_page_token(), "next");
  EXPECT_EQ(response.products().products(0).id(), "wok");
  EXPECT_EQ(response.products().status().state(), v1::SECTION_STATE_OK);
  EXPECT_EQ(response.products().status().attempts(), 1);
}

TEST(MergeTest, TimingIsTheLongestAgainstTheSum) {
  v1::GetOverviewResponse response;
  ASSERT_TRUE(MergeAndRead(AllWell(), &response).ok());
  EXPECT_EQ(response.timing().duration().seconds(), 2);
  EXPECT_EQ(response.timing().sequential_duration().seconds(), 4);
  EXPECT_EQ(response.timing().sequential_duration().nanos(), 500000000);
  EXPECT_EQ(response.timing().start_time().seconds(), 1700000000);
  EXPECT_EQ(response.orders().status().start_offset().nanos(), 1000000);
}

TEST(MergeTest, FailedSectionCostsOnlyItself) {
  FanOutResult result = AllWell();
  result.products =
      Called<ProductsSource::Reply>(absl::InternalError("secret"), 0ms, 1s);
  v1::GetOverviewResponse response;
  ASSERT_TRUE(MergeAndRead(std::move(result), &response).ok());
  EXPECT_FALSE(response.complete());
  EXPECT_EQ(response.user().status().state(), v1::SECTION_STATE_OK);
  const v1::SectionStatus& status = response.products().status();
  EXPECT_EQ(status.state(), v1::SECTION_STATE_FAILED);
  EXPECT_EQ(status.code(), 13);
  EXPECT_EQ(status.reason(), "BACKEND_ERROR");
  EXPECT_EQ(status.duration().seconds(), 1);
  EXPECT_EQ(response.SerializeAsString().find("secret"), std::string::npos);
}

TEST(MergeTest, SectionThatWasNotRequestedCountsForNothing) {
  FanOutResult result = AllWell();
  result.products = SectionResult<ProductsSource::Reply>();
  v1::GetOverviewResponse response;
  ASSERT_TRUE(MergeAndRead(std::move(result), &response).ok());
  EXPECT_TRUE(response.complete());
  EXPECT_EQ(response.products().status().state(),
            v1::SECTION_STATE_NOT_REQUESTED);
  EXPECT_EQ(response.products().status().attempts(), 0);
  EXPECT_EQ(response.timing().sequential_duration().seconds(), 3);
}

TEST(MergeTest, EverySectionFailedFailsTheCallWithTheirCommonCode) {
  FanOutResult result = AllWell();
  const absl::Status late = absl::DeadlineExceededError("");
  result.user = Called<UserSource::Reply>(late, 0ms, 1s);
  result.orders = Called<OrdersSource::Reply>(late, 0ms, 1s);
  result.products = SectionResult<ProductsSource::Reply>();
  v1::GetOverviewResponse response;
  const absl::Status status = Merge(std::move(result), &response);
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(status.message(),
            "every requested section failed: user BACKEND_TIMEOUT, orders "
            "BACKEND_TIMEOUT");
}

TEST(MergeTest, EverySectionFailedInItsOwnWayIsUnavailable) {
  FanOutResult result = AllWell();
  result.user =
      Called<UserSource::Reply>(absl::DeadlineExceededError(""), 0ms, 1s);
  result.orders = Called<OrdersSource::Reply>(absl::InternalError(""), 0ms, 1s);
  result.products =
      Called<ProductsSource::Reply>(absl::InternalError(""), 0ms, 1s);
  v1::GetOverviewResponse response;
  EXPECT_EQ(Merge(std::move(result), &response).code(),
            absl::StatusCode::kUnavailable);
}

TEST(MergeTest, BranchThatEndsTheRequestGivesItsCode) {
  FanOutResult result = AllWell();
  result.orders = absl::PermissionDeniedError("secret");
  v1::GetOverviewResponse response;
  const absl::Status status = Merge(std::move(result), &response);
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(status.message(),
            "required section orders failed: the backend failed");
}

TEST(MergeTest, CancelledBranchesDoNotHideTheFailureThatCancelledThem) {
  const absl::Status cancelled =
      rpc::WithReason(absl::CancelledError(""), kCancelled);
  FanOutResult result = AllWell();
  result.user = cancelled;
  result.orders = absl::UnavailableError("");
  result.products = cancelled;
  v1::GetOverviewResponse response;
  EXPECT_EQ(Merge(std::move(result), &response).code(),
            absl::StatusCode::kUnavailable);
}

TEST(MergeTest, UnknownUserIsNotFound) {
  FanOutResult result = AllWell();
  result.user = rpc::WithReason(absl::NotFoundError("secret"), kUserNotFound);
  v1::GetOverviewResponse response;
  const absl::Status status = Merge(std::move(result), &response);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "there is no such user");
}

}  // namespace
}  // namespace gather::aggregator
