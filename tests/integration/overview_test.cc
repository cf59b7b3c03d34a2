// What a caller gets when the backends do their work.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "google/protobuf/util/time_util.h"
#include "tests/support/aggregator_fixture.h"
#include "tests/support/replies.h"

namespace gather::testing {
namespace {

namespace v1 = aggregator::v1;
using google::protobuf::util::TimeUtil;
using grpc::StatusCode;

TEST(OverviewTest, EverySectionIsThereWhole) {
  AggregatorFixture fixture;
  const Overview overview = fixture.Get(RequestFor("u-1"));
  ASSERT_TRUE(overview.status.ok()) << overview.status.error_message();
  EXPECT_TRUE(IsWhole(overview.response, "u-1"));
  EXPECT_EQ(overview.response.user().status().attempts(), 1);
  EXPECT_EQ(overview.response.orders().status().attempts(), 1);
  EXPECT_EQ(overview.response.products().status().attempts(), 1);
  EXPECT_EQ(fixture.user.seen().at(0).user_id, "u-1");
  EXPECT_EQ(fixture.orders.seen().at(0).user_id, "u-1");
  EXPECT_EQ(fixture.products.seen().at(0).user_id, "u-1");
}

TEST(OverviewTest, EveryBackendIsCalledBeforeAnyAnswers) {
  Gate gate;
  AggregatorFixture fixture;
  fixture.user.SetScript({AnswerRight(&gate)});
  fixture.orders.SetScript({AnswerRight(&gate)});
  fixture.products.SetScript({AnswerRight(&gate)});

  PendingOverview overview(fixture.stub(), RequestFor("u-1"));
  ASSERT_TRUE(fixture.user.calls().WaitFor(1));
  ASSERT_TRUE(fixture.orders.calls().WaitFor(1));
  ASSERT_TRUE(fixture.products.calls().WaitFor(1));
  gate.Open();
  EXPECT_TRUE(IsWhole(overview.Await(), "u-1"));
}

TEST(OverviewTest, SeveralLoopsServeAsOneDoes) {
  FixtureOptions options;
  options.server.event_loops = 3;
  AggregatorFixture fixture(options);
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(IsWhole(fixture.Get(RequestFor("u-1")).response, "u-1"));
  }
}

TEST(OverviewTest, UserThatFailsCostsOnlyItsSection) {
  AggregatorFixture fixture;
  fixture.user.SetScript({Fail(StatusCode::INTERNAL)});
  const Overview overview = fixture.Get(RequestFor("u-1"));
  ASSERT_TRUE(overview.status.ok()) << overview.status.error_message();
  EXPECT_FALSE(overview.response.complete());
  EXPECT_EQ(overview.response.user().status().state(),
            fanout::v1::SECTION_STATE_FAILED);
  EXPECT_FALSE(overview.response.user().has_user());
  EXPECT_TRUE(IsRight(overview.response.orders(), "u-1"));
  EXPECT_TRUE(IsRight(overview.response.products(), "u-1"));
}

TEST(OverviewTest, OrdersThatFailCostOnlyTheirSection) {
  AggregatorFixture fixture;
  fixture.orders.SetScript({Fail(StatusCode::PERMISSION_DENIED)});
  const Overview overview = fixture.Get(RequestFor("u-1"));
  ASSERT_TRUE(overview.status.ok()) << overview.status.error_message();
  EXPECT_FALSE(overview.response.complete());
  const v1::OrdersSection& orders = overview.response.orders();
  EXPECT_EQ(orders.status().state(), fanout::v1::SECTION_STATE_FAILED);
  EXPECT_EQ(orders.status().code(), StatusCode::PERMISSION_DENIED);
  EXPECT_FALSE(orders.status().message().empty());
  EXPECT_EQ(orders.orders_size(), 0);
  EXPECT_TRUE(IsRight(overview.response.user(), "u-1"));
  EXPECT_TRUE(IsRight(overview.response.products(), "u-1"));
}

TEST(OverviewTest, ProductsThatFailCostOnlyTheirSection) {
  AggregatorFixture fixture;
  fixture.products.SetScript({Fail(StatusCode::DATA_LOSS)});
  const Overview overview = fixture.Get(RequestFor("u-1"));
  ASSERT_TRUE(overview.status.ok()) << overview.status.error_message();
  EXPECT_FALSE(overview.response.complete());
  EXPECT_EQ(overview.response.products().status().state(),
            fanout::v1::SECTION_STATE_FAILED);
  EXPECT_EQ(overview.response.products().products_size(), 0);
  EXPECT_TRUE(IsRight(overview.response.user(), "u-1"));
  EXPECT_TRUE(IsRight(overview.response.orders(), "u-1"));
}

TEST(OverviewTest, TimingAddsUp) {
  AggregatorFixture fixture;
  const auto before = TimeUtil::GetCurrentTime();
  const Overview overview = fixture.Get(RequestFor("u-1"));
  const auto after = TimeUtil::GetCurrentTime();
  ASSERT_TRUE(overview.status.ok()) << overview.status.error_message();

  const fanout::v1::FanOutTiming& timing = overview.response.timing();
  google::protobuf::Duration sum;
  for (const fanout::v1::SectionStatus& status :
       {overview.response.user().status(), overview.response.orders().status(),
        overview.response.products().status()}) {
    EXPECT_GE(status.start_offset(), TimeUtil::NanosecondsToDuration(0));
    EXPECT_GT(status.duration(), TimeUtil::NanosecondsToDuration(0));
    EXPECT_GE(timing.duration(), status.start_offset() + status.duration());
    sum += status.duration();
  }
  EXPECT_EQ(timing.sequential_duration(), sum);
  // The wall's clock may be set while this runs.
  const auto slack = TimeUtil::SecondsToDuration(3600);
  EXPECT_GE(timing.start_time(), before - slack);
  EXPECT_LE(timing.start_time(), after + slack);
}

TEST(OverviewTest, SectionOutsideOfTheReadMaskIsNotCalled) {
  AggregatorFixture fixture;
  v1::GetOverviewRequest request = RequestFor("u-1");
  request.mutable_read_mask()->add_paths("orders");
  const Overview overview = fixture.Get(request);
  ASSERT_TRUE(overview.status.ok()) << overview.status.error_message();
  EXPECT_TRUE(overview.response.complete());
  EXPECT_TRUE(IsRight(overview.response.orders(), "u-1"));
  EXPECT_EQ(overview.response.user().status().state(),
            fanout::v1::SECTION_STATE_NOT_REQUESTED);
  EXPECT_EQ(overview.response.user().status().attempts(), 0);
  EXPECT_EQ(overview.response.products().status().state(),
            fanout::v1::SECTION_STATE_NOT_REQUESTED);

  // A call that the first request had made would be there before the second's.
  ASSERT_TRUE(IsWhole(fixture.Get(RequestFor("u-2")).response, "u-2"));
  EXPECT_EQ(fixture.user.seen().at(0).user_id, "u-2");
  EXPECT_EQ(fixture.products.seen().at(0).user_id, "u-2");
}

TEST(OverviewTest, PageSizesArePassedOn) {
  AggregatorFixture fixture;
  v1::GetOverviewRequest request = RequestFor("u-1");
  request.set_order_page_size(7);
  request.set_product_page_size(100);
  ASSERT_TRUE(fixture.Get(request).status.ok());
  EXPECT_EQ(fixture.orders.seen().at(0).page_size, 7);
  EXPECT_EQ(fixture.products.seen().at(0).page_size, 100);
}

}  // namespace
}  // namespace gather::testing
