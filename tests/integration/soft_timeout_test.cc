// Once the soft timeout has passed, the answer goes with what is there, if that
// is good enough; the rest is cancelled, and says so.

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "tests/support/aggregator_fixture.h"
#include "tests/support/gate.h"
#include "tests/support/replies.h"

namespace gather::testing {
namespace {

namespace v1 = aggregator::v1;

v1::GetOverviewRequest SoftRequest(const std::string& required = "") {
  v1::GetOverviewRequest request = RequestFor("u-1");
  request.mutable_soft_timeout()->set_nanos(50'000'000);
  if (!required.empty()) request.mutable_required_mask()->add_paths(required);
  return request;
}

TEST(SoftTimeoutTest, AnswersWithWhatIsThereAndCancelsTheRest) {
  AggregatorFixture fixture;
  fixture.orders.SetScript({NeverAnswer()});
  const Overview overview = fixture.Get(SoftRequest());
  ASSERT_TRUE(overview.status.ok()) << overview.status.error_message();
  EXPECT_FALSE(overview.response.complete());
  EXPECT_TRUE(IsRight(overview.response.user(), "u-1"));
  EXPECT_TRUE(IsRight(overview.response.products(), "u-1"));
  const fanout::v1::SectionStatus& orders = overview.response.orders().status();
  EXPECT_EQ(orders.state(), fanout::v1::SECTION_STATE_FAILED);
  EXPECT_EQ(orders.reason(), "SOFT_TIMEOUT");
  EXPECT_EQ(orders.code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(fixture.orders.cancellations().WaitFor(1));
}

TEST(SoftTimeoutTest, WaitsForWhatIsRequiredAndForNothingElse) {
  AggregatorFixture fixture;
  Gate user;
  fixture.user.SetScript({AnswerRight(&user)});
  fixture.orders.SetScript({NeverAnswer()});
  PendingOverview pending(fixture.stub(), SoftRequest("user"));
  ASSERT_TRUE(fixture.products.ends().WaitFor(1));
  // Long after it.
  EXPECT_FALSE(pending.IsDoneWithin(std::chrono::milliseconds(200)));
  user.Open();
  const Overview& overview = pending.Await();
  ASSERT_TRUE(overview.status.ok()) << overview.status.error_message();
  EXPECT_TRUE(IsRight(overview.response.user(), "u-1"));
  EXPECT_EQ(overview.response.orders().status().reason(), "SOFT_TIMEOUT");
}

TEST(SoftTimeoutTest, NothingIsNotGoodEnough) {
  AggregatorFixture fixture;
  Gate user;
  fixture.user.SetScript({AnswerRight(&user)});
  fixture.orders.SetScript({NeverAnswer()});
  fixture.products.SetScript({NeverAnswer()});
  PendingOverview pending(fixture.stub(), SoftRequest());
  EXPECT_FALSE(pending.IsDoneWithin(std::chrono::milliseconds(200)));
  user.Open();
  const Overview& overview = pending.Await();
  ASSERT_TRUE(overview.status.ok()) << overview.status.error_message();
  EXPECT_TRUE(IsRight(overview.response.user(), "u-1"));
  EXPECT_EQ(overview.response.products().status().reason(), "SOFT_TIMEOUT");
}

TEST(SoftTimeoutTest, IsOfNoConsequenceWhereAllIsThere) {
  AggregatorFixture fixture;
  v1::GetOverviewRequest request = SoftRequest();
  request.mutable_soft_timeout()->set_seconds(3600);
  EXPECT_TRUE(IsWhole(fixture.Get(request).response, "u-1"));
}

TEST(SoftTimeoutTest, MayBeTheServers) {
  FixtureOptions options;
  options.soft_timeout = std::chrono::milliseconds(50);
  AggregatorFixture fixture(options);
  fixture.orders.SetScript({NeverAnswer()});
  const Overview overview = fixture.Get(RequestFor("u-1"));
  EXPECT_EQ(overview.response.orders().status().reason(), "SOFT_TIMEOUT");
}

TEST(SoftTimeoutTest, StreamSaysSoOfTheSection) {
  AggregatorFixture fixture;
  fixture.orders.SetScript({NeverAnswer()});
  v1::StreamOverviewRequest request;
  request.set_user_id("u-1");
  request.mutable_soft_timeout()->set_nanos(50'000'000);
  grpc::ClientContext context;
  const auto reader = fixture.stub().StreamOverview(&context, request);
  int sections = 0;
  std::string reason;
  bool complete = true;
  for (v1::StreamOverviewResponse part; reader->Read(&part);) {
    sections += part.part_case() != v1::StreamOverviewResponse::kSummary;
    if (part.has_orders()) reason = part.orders().status().reason();
    if (part.has_summary()) complete = part.summary().complete();
  }
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(sections, 3);
  EXPECT_EQ(reason, "SOFT_TIMEOUT");
  EXPECT_FALSE(complete);
}

TEST(SoftTimeoutTest, OfNoTimeIsNoTimeout) {
  AggregatorFixture fixture;
  v1::GetOverviewRequest request = RequestFor("u-1");
  request.mutable_soft_timeout();
  const Overview overview = fixture.Get(request);
  EXPECT_EQ(overview.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(overview.status.error_message(), "soft_timeout: is less than 1ms");
  EXPECT_EQ(fixture.backend_calls(), 0);
}

}  // namespace
}  // namespace gather::testing
