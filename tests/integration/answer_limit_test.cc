// An answer is no larger than what every client of gRPC takes, 4 MB: what does
// not fit is a section that failed, and said to be.

#include <gtest/gtest.h>

#include <memory>

#include "tests/support/aggregator_fixture.h"
#include "tests/support/replies.h"

namespace gather::testing {
namespace {

constexpr std::size_t kLarge = 1'600'000;

class AnswerLimitTest : public ::testing::Test {
 protected:
  void AnswerAllLarge(Gate* products_gate = nullptr) {
    fixture_.user.SetScript({AnswerLarge()});
    fixture_.orders.SetScript({AnswerLarge()});
    fixture_.products.SetScript({AnswerLarge(products_gate)});
  }

  AggregatorFixture fixture_;
};

void ExpectTooLarge(const fanout::v1::SectionStatus& status) {
  EXPECT_EQ(status.state(), fanout::v1::SECTION_STATE_FAILED);
  EXPECT_EQ(status.code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.reason(), "REPLY_TOO_LARGE");
  EXPECT_EQ(status.attempts(), 1);
  EXPECT_TRUE(status.has_duration());
}

TEST_F(AnswerLimitTest, TheLargestOfThreeSectionsGoesAndTheOthersArrive) {
  AnswerAllLarge();
  const Overview overview = fixture_.Get(RequestFor("u-1"));
  ASSERT_TRUE(overview.status.ok()) << overview.status.error_message();
  EXPECT_FALSE(overview.response.complete());
  EXPECT_EQ(overview.response.user().user().display_name().size(), kLarge);
  EXPECT_GT(overview.response.orders().ByteSizeLong(), kLarge);
  EXPECT_EQ(overview.response.products().products_size(), 0);
  ExpectTooLarge(overview.response.products().status());
}

// Else it would be whichever the network brings last.
TEST_F(AnswerLimitTest, TheOneThatGoesIsTheSameInWhateverOrderTheyLand) {
  Gate gate;
  AnswerAllLarge(&gate);
  PendingOverview pending(fixture_.stub(), RequestFor("u-1"));
  ASSERT_TRUE(fixture_.products.calls().WaitFor(1));
  gate.Open();
  ExpectTooLarge(pending.Await().response.products().status());
}

TEST_F(AnswerLimitTest, WhatFitsIsWhole) {
  fixture_.orders.SetScript({AnswerLarge()});
  fixture_.products.SetScript({AnswerLarge()});
  const Overview overview = fixture_.Get(RequestFor("u-1"));
  EXPECT_TRUE(overview.response.complete());
}

TEST_F(AnswerLimitTest, RequiredSectionThatGoesFailsTheCall) {
  AnswerAllLarge();
  auto request = RequestFor("u-1");
  request.mutable_required_mask()->add_paths("products");
  EXPECT_EQ(fixture_.Get(request).status.error_code(),
            grpc::StatusCode::INTERNAL);
}

TEST_F(AnswerLimitTest, EachPartOfAStreamMayBeAsLarge) {
  AnswerAllLarge();
  grpc::ClientContext context;
  aggregator::v1::StreamOverviewRequest request;
  request.set_user_id("u-1");
  const auto reader = fixture_.stub().StreamOverview(&context, request);
  aggregator::v1::StreamOverviewResponse part;
  while (reader->Read(&part)) continue;
  EXPECT_TRUE(part.summary().complete());
  EXPECT_TRUE(reader->Finish().ok());
}

}  // namespace
}  // namespace gather::testing
