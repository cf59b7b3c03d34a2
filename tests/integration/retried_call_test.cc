// A backend that says UNAVAILABLE is called again; one that fails is not.

#include <gtest/gtest.h>

#include <chrono>

#include "tests/support/aggregator_fixture.h"
#include "tests/support/replies.h"

namespace gather::testing {
namespace {

namespace v1 = aggregator::v1;
using grpc::StatusCode;

TEST(RetriedCallTest, UnavailableBackendThatRecoversCostsNothing) {
  AggregatorFixture fixture;
  fixture.orders.SetScript({Fail(StatusCode::UNAVAILABLE),
                            Fail(StatusCode::UNAVAILABLE), AnswerRight()});
  const Overview overview = fixture.Get(RequestFor("u-1"));
  ASSERT_TRUE(overview.status.ok()) << overview.status.error_message();
  EXPECT_TRUE(IsWhole(overview.response, "u-1"));
  EXPECT_EQ(overview.response.orders().status().attempts(), 3);
  EXPECT_EQ(overview.response.user().status().attempts(), 1);
  EXPECT_EQ(fixture.orders.calls().count(), 3);
}

TEST(RetriedCallTest, UnavailableBackendIsGivenUpInTheEnd) {
  AggregatorFixture fixture;
  fixture.orders.SetScript({Fail(StatusCode::UNAVAILABLE)});
  const Overview overview = fixture.Get(RequestFor("u-1"));
  ASSERT_TRUE(overview.status.ok()) << overview.status.error_message();
  const fanout::v1::SectionStatus& status = overview.response.orders().status();
  EXPECT_EQ(status.state(), fanout::v1::SECTION_STATE_FAILED);
  EXPECT_EQ(status.code(), StatusCode::UNAVAILABLE);
  EXPECT_EQ(status.attempts(), 3);
  EXPECT_EQ(fixture.orders.calls().count(), 3);
}

TEST(RetriedCallTest, SilentAttemptIsGivenUpForAnother) {
  FixtureOptions options;
  options.retry.attempt_timeout = std::chrono::milliseconds(100);
  // Whatever a slow machine takes for the first.
  options.retry.attempt_factor = 1;
  AggregatorFixture fixture(options);
  // How long calls take has to be known.
  ASSERT_TRUE(fixture.Get(RequestFor("u-1")).response.complete());
  fixture.orders.SetScript({NeverAnswer(), AnswerRight()});
  const Overview overview = fixture.Get(RequestFor("u-1"));
  EXPECT_TRUE(overview.response.complete());
  EXPECT_EQ(overview.response.orders().status().attempts(), 2);
  EXPECT_TRUE(fixture.orders.cancellations().WaitFor(1));
}

TEST(RetriedCallTest, OtherFailureIsFinal) {
  AggregatorFixture fixture;
  fixture.orders.SetScript({Fail(StatusCode::INTERNAL), AnswerRight()});
  const Overview overview = fixture.Get(RequestFor("u-1"));
  ASSERT_TRUE(overview.status.ok()) << overview.status.error_message();
  EXPECT_EQ(overview.response.orders().status().state(),
            fanout::v1::SECTION_STATE_FAILED);
  EXPECT_EQ(overview.response.orders().status().attempts(), 1);
  EXPECT_EQ(fixture.orders.calls().count(), 1);
}

}  // namespace
}  // namespace gather::testing
