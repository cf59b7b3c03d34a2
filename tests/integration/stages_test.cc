// A section that needs another one's reply: the purchases, which are made of
// the orders.

#include <gtest/gtest.h>

#include <chrono>
#include <initializer_list>
#include <string>
#include <vector>

#include "google/protobuf/util/time_util.h"
#include "google/rpc/error_details.pb.h"
#include "tests/support/aggregator_fixture.h"
#include "tests/support/error_details.h"
#include "tests/support/replies.h"

namespace gather::testing {
namespace {

namespace v1 = aggregator::v1;
using fanout::v1::SectionStatus;
using google::protobuf::util::TimeUtil;
using grpc::StatusCode;
using namespace std::chrono_literals;

v1::GetOverviewRequest RequestForOnly(const std::string& section) {
  v1::GetOverviewRequest request = RequestFor("u-1");
  request.mutable_read_mask()->add_paths(section);
  return request;
}

std::vector<std::string> CriticalPath(const fanout::v1::FanOutTiming& timing) {
  return {timing.critical_path().begin(), timing.critical_path().end()};
}

google::protobuf::Duration EndOf(const SectionStatus& status) {
  return status.start_offset() + status.duration();
}

class StagesTest : public ::testing::Test {
 protected:
  ~StagesTest() override { fixture_.StopBackends(); }

  // What these sections' backends have answered by now has arrived: each has
  // one connection, on which answers stay in order.
  void Settle(std::initializer_list<const char*> sections) {
    for (const char* section : sections) {
      ASSERT_TRUE(fixture_.Get(RequestForOnly(section)).status.ok());
    }
  }

  AggregatorFixture fixture_;
};

TEST_F(StagesTest, PurchasesAreAskedForOnceTheOrdersAreThere) {
  Gate orders;
  Gate purchases;
  fixture_.orders.SetScript({AnswerRight(&orders)});
  fixture_.purchases.SetScript({AnswerRight(&purchases)});
  PendingOverview pending(fixture_.stub(), RequestForAll("u-1"));
  ASSERT_TRUE(fixture_.user.calls().WaitFor(1));
  ASSERT_TRUE(fixture_.orders.calls().WaitFor(1));
  ASSERT_TRUE(fixture_.products.calls().WaitFor(1));
  EXPECT_EQ(fixture_.purchases.calls().count(), 0);
  orders.Open();
  ASSERT_TRUE(fixture_.purchases.calls().WaitFor(1));
  purchases.Open();

  const Overview& overview = pending.Await();
  EXPECT_TRUE(IsWhole(overview.response, "u-1"));
  EXPECT_TRUE(IsRight(overview.response.purchases(), "u-1"));
  EXPECT_EQ(fixture_.purchases.calls().count(), 1);
  EXPECT_EQ(fixture_.purchases.seen()[0].ids,
            (std::vector<std::string>{"product-1-of-u-1", "product-2-of-u-1"}));
}

TEST_F(StagesTest, TimingTellsTheStagesApart) {
  Gate user;
  fixture_.user.SetScript({AnswerRight(&user)});
  PendingOverview pending(fixture_.stub(), RequestForAll("u-1"));
  ASSERT_TRUE(fixture_.purchases.ends().WaitFor(1));
  Settle({"products", "purchases"});
  user.Open();
  v1::GetOverviewResponse response = pending.Await().response;
  const SectionStatus& orders = response.orders().status();
  const SectionStatus& purchases = response.purchases().status();
  EXPECT_GE(purchases.start_offset(), EndOf(orders));
  EXPECT_EQ(CriticalPath(response.timing()), std::vector<std::string>{"user"});
  EXPECT_EQ(response.timing().sequential_duration(),
            response.user().status().duration() + orders.duration() +
                response.products().status().duration() + purchases.duration());

  Gate batch;
  fixture_.user.SetScript({});
  fixture_.purchases.SetScript({AnswerRight(&batch)});
  PendingOverview second(fixture_.stub(), RequestForAll("u-2"));
  ASSERT_TRUE(fixture_.purchases.calls().WaitFor(2));
  ASSERT_TRUE(fixture_.user.ends().WaitFor(2));
  ASSERT_TRUE(fixture_.products.ends().WaitFor(2));
  Settle({"user", "orders", "products"});
  batch.Open();
  response = second.Await().response;
  EXPECT_EQ(CriticalPath(response.timing()),
            (std::vector<std::string>{"orders", "purchases"}));
  EXPECT_GE(response.timing().duration(), EndOf(response.purchases().status()));
}

TEST_F(StagesTest, OrdersThatFailCostTwoSectionsAndTwoArrive) {
  fixture_.orders.SetScript({Fail(StatusCode::PERMISSION_DENIED)});
  const Overview overview = fixture_.Get(RequestForAll("u-1"));
  ASSERT_TRUE(overview.status.ok()) << overview.status.error_message();
  const v1::GetOverviewResponse& response = overview.response;
  EXPECT_FALSE(response.complete());
  EXPECT_TRUE(IsRight(response.user(), "u-1"));
  EXPECT_TRUE(IsRight(response.products(), "u-1"));
  EXPECT_EQ(response.orders().status().reason(), "BACKEND_ERROR");
  const SectionStatus& purchases = response.purchases().status();
  EXPECT_EQ(purchases.state(), fanout::v1::SECTION_STATE_FAILED);
  EXPECT_EQ(purchases.reason(), "DEPENDENCY_FAILED");
  EXPECT_EQ(purchases.failed_dependency(), "orders");
  EXPECT_EQ(purchases.message(),
            "section orders, which it needs, failed: the backend failed");
  EXPECT_EQ(purchases.code(), StatusCode::INTERNAL);
  EXPECT_EQ(purchases.attempts(), 0);
  EXPECT_EQ(fixture_.purchases.calls().count(), 0);
}

TEST_F(StagesTest, DependencyThatWasNotAskedForIsFetchedAndNotShown) {
  const Overview overview = fixture_.Get(RequestForOnly("purchases"));
  ASSERT_TRUE(overview.status.ok()) << overview.status.error_message();
  const v1::GetOverviewResponse& response = overview.response;
  EXPECT_TRUE(response.complete());
  EXPECT_TRUE(IsRight(response.purchases(), "u-1"));
  const SectionStatus& orders = response.orders().status();
  EXPECT_EQ(orders.state(), fanout::v1::SECTION_STATE_NOT_REQUESTED);
  EXPECT_EQ(orders.attempts(), 1);
  v1::OrdersSection bare = response.orders();
  bare.clear_status();
  EXPECT_EQ(bare.ByteSizeLong(), 0U);
  EXPECT_EQ(CriticalPath(response.timing()),
            (std::vector<std::string>{"orders", "purchases"}));
  EXPECT_EQ(response.timing().sequential_duration(),
            orders.duration() + response.purchases().status().duration());
  EXPECT_EQ(fixture_.user.calls().count(), 0);
}

TEST_F(StagesTest, FailureOfAHiddenDependencyIsThatOfItsDependant) {
  fixture_.orders.SetScript({Fail(StatusCode::RESOURCE_EXHAUSTED)});
  v1::GetOverviewRequest request = RequestForOnly("purchases");
  request.mutable_read_mask()->add_paths("user");
  const Overview partial = fixture_.Get(request);
  ASSERT_TRUE(partial.status.ok()) << partial.status.error_message();
  EXPECT_FALSE(partial.response.complete());
  EXPECT_TRUE(IsRight(partial.response.user(), "u-1"));
  EXPECT_EQ(partial.response.orders().status().reason(), "");
  EXPECT_EQ(partial.response.purchases().status().code(),
            StatusCode::RESOURCE_EXHAUSTED);

  request.mutable_required_mask()->add_paths("purchases");
  const Overview failed = fixture_.Get(request);
  EXPECT_EQ(failed.status.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(failed.status.error_message(),
            "required section purchases failed: section orders, which it "
            "needs, failed: the backend has too much to do");
  const auto info = DetailOf<google::rpc::ErrorInfo>(failed.status);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->reason(), "DEPENDENCY_FAILED");
  EXPECT_EQ(info->metadata().at("section"), "purchases");

  // Alone, it is all that was requested.
  const Overview alone = fixture_.Get(RequestForOnly("purchases"));
  EXPECT_EQ(alone.status.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(alone.status.error_message(),
            "every requested section failed: purchases DEPENDENCY_FAILED");
}

TEST_F(StagesTest, RequiredDependencyThatFailsEndsTheRequest) {
  fixture_.user.SetScript({NeverAnswer()});
  fixture_.orders.SetScript({Fail(StatusCode::UNAVAILABLE)});
  v1::GetOverviewRequest request = RequestForAll("u-1");
  request.mutable_required_mask()->add_paths("orders");
  const Overview overview = fixture_.Get(request);
  EXPECT_EQ(overview.status.error_code(), StatusCode::UNAVAILABLE);
  EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(overview.status)
                ->metadata()
                .at("section"),
            "orders");
  EXPECT_TRUE(fixture_.user.cancellations().WaitFor(1));
}

TEST_F(StagesTest, PurchasesThatFailCostOnlyTheirSection) {
  for (const Answer& answer : {AnswerForAnotherUser(), AnswerEmpty(),
                               AnswerGarbage(), Fail(StatusCode::INTERNAL)}) {
    fixture_.purchases.SetScript({answer});
    const Overview overview = fixture_.Get(RequestForAll("u-1"));
    ASSERT_TRUE(overview.status.ok()) << overview.status.error_message();
    EXPECT_FALSE(overview.response.complete());
    EXPECT_EQ(overview.response.purchases().status().state(),
              fanout::v1::SECTION_STATE_FAILED);
    EXPECT_TRUE(IsRight(overview.response.orders(), "u-1"));
  }
}

TEST_F(StagesTest, CallerWhoLeavesEndsTheSecondStage) {
  fixture_.purchases.SetScript({NeverAnswer()});
  PendingOverview overview(fixture_.stub(), RequestForAll("u-1"));
  ASSERT_TRUE(fixture_.purchases.calls().WaitFor(1));
  EXPECT_EQ(fixture_.purchases.cancellations().count(), 0);
  overview.Cancel();
  ASSERT_TRUE(fixture_.purchases.cancellations().WaitFor(1));
  EXPECT_EQ(overview.Await().status.error_code(), StatusCode::CANCELLED);
}

TEST_F(StagesTest, CallerWhoLeavesBeforeTheSecondStageHasNone) {
  fixture_.orders.SetScript({NeverAnswer()});
  PendingOverview overview(fixture_.stub(), RequestForAll("u-1"));
  ASSERT_TRUE(fixture_.orders.calls().WaitFor(1));
  overview.Cancel();
  ASSERT_TRUE(fixture_.orders.cancellations().WaitFor(1));
  EXPECT_EQ(overview.Await().status.error_code(), StatusCode::CANCELLED);
  // A call of the second stage would be there before that of this one.
  fixture_.orders.SetScript({});
  ASSERT_TRUE(fixture_.Get(RequestForAll("u-2")).status.ok());
  EXPECT_EQ(fixture_.purchases.seen().at(0).user_id, "u-2");
}

TEST_F(StagesTest, HungOrdersLeaveTheRestOfTheAnswerInTime) {
  fixture_.orders.SetScript({NeverAnswer()});
  const Overview overview = fixture_.Get(RequestForAll("u-1"), 2s);
  ASSERT_TRUE(overview.status.ok()) << overview.status.error_message();
  EXPECT_EQ(overview.response.orders().status().reason(), "BACKEND_TIMEOUT");
  EXPECT_EQ(overview.response.purchases().status().reason(),
            "DEPENDENCY_FAILED");
  EXPECT_TRUE(IsRight(overview.response.user(), "u-1"));
  // Half of what the caller leaves: the other half was the second stage's.
  EXPECT_LE(overview.response.orders().status().duration(),
            TimeUtil::MillisecondsToDuration(1200));
}

TEST_F(StagesTest, SecondStageHasTheTimeThatIsLeft) {
  Gate orders;
  fixture_.orders.SetScript({AnswerRight(&orders)});
  PendingOverview pending(fixture_.stub(), RequestForAll("u-1"), 10s);
  ASSERT_TRUE(fixture_.orders.calls().WaitFor(1));
  orders.Open();
  ASSERT_TRUE(pending.Await().response.complete());
  EXPECT_GT(fixture_.purchases.seen()[0].time_left,
            fixture_.orders.seen()[0].time_left);
}

}  // namespace
}  // namespace gather::testing
