// A call that takes unusually long is made a second time, where its policies
// say so: the first answer counts, and the other call is cancelled.

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

#include "tests/support/aggregator_fixture.h"
#include "tests/support/replies.h"

namespace gather::testing {
namespace {

using fanout::v1::Attempt;
using grpc::StatusCode;

class HedgeTest : public ::testing::Test {
 protected:
  HedgeTest() {
    FixtureOptions options;
    options.hedging.enabled = true;
    // Whatever a slow machine takes for a call that waits for nothing.
    options.hedging.min_delay = std::chrono::milliseconds(300);
    fixture_ = std::make_unique<AggregatorFixture>(options);
    // How long calls take has to be known, and a hedge to be paid for.
    for (int i = 0; i < 100; ++i) {
      EXPECT_TRUE(Get().complete());
    }
    EXPECT_EQ(orders().calls().count(), 100);
  }

  aggregator::v1::GetOverviewResponse Get() {
    const Overview overview = fixture_->Get(RequestFor("u-1"));
    EXPECT_TRUE(overview.status.ok()) << overview.status.error_message();
    return overview.response;
  }

  FakeBackend& orders() { return fixture_->orders; }
  fanout::SectionTotals Totals() { return fixture_->Report("orders").results; }

  std::unique_ptr<AggregatorFixture> fixture_;
};

TEST_F(HedgeTest, SecondCallAnswersForOneThatHangsWhichIsCancelled) {
  orders().SetScript({NeverAnswer(), AnswerRight()});
  const auto response = Get();
  EXPECT_TRUE(IsWhole(response, "u-1"));
  EXPECT_TRUE(orders().cancellations().WaitFor(1));
  const fanout::v1::SectionStatus& status = response.orders().status();
  EXPECT_EQ(status.attempts(), 2);
  ASSERT_EQ(status.attempts_log_size(), 2);
  const Attempt& first = status.attempts_log(0);
  EXPECT_EQ(first.kind(), fanout::v1::ATTEMPT_KIND_FIRST);
  EXPECT_EQ(first.code(), StatusCode::CANCELLED);
  EXPECT_FALSE(first.won());
  const Attempt& hedge = status.attempts_log(1);
  EXPECT_EQ(hedge.kind(), fanout::v1::ATTEMPT_KIND_HEDGE);
  EXPECT_EQ(hedge.code(), StatusCode::OK);
  EXPECT_TRUE(hedge.won());
  EXPECT_EQ(hedge.address(), "ipv4:" + orders().address());
  EXPECT_EQ(Totals().hedges_won, 1U);
  EXPECT_EQ(Totals().hedges_lost, 0U);
}

TEST_F(HedgeTest, FirstCallWinsWhereItIsFasterAfterAll) {
  Gate gate;
  orders().SetScript({AnswerRight(&gate), NeverAnswer()});
  PendingOverview pending(fixture_->stub(), RequestFor("u-1"));
  ASSERT_TRUE(orders().calls().WaitFor(102));
  gate.Open();
  const Overview& overview = pending.Await();
  EXPECT_TRUE(IsWhole(overview.response, "u-1"));
  EXPECT_TRUE(orders().cancellations().WaitFor(1));
  const auto& log = overview.response.orders().status().attempts_log();
  ASSERT_EQ(log.size(), 2);
  EXPECT_TRUE(log[0].won());
  EXPECT_FALSE(log[1].won());
  EXPECT_EQ(Totals().hedges_lost, 1U);
}

TEST_F(HedgeTest, AnswerAboutTheRequestIsTakenAsItIs) {
  orders().SetScript({NeverAnswer(), Fail(StatusCode::FAILED_PRECONDITION)});
  EXPECT_EQ(Get().orders().status().code(), StatusCode::FAILED_PRECONDITION);
  EXPECT_TRUE(orders().cancellations().WaitFor(1));
}

TEST_F(HedgeTest, HedgeThatFailsLeavesTheFirstToAnswer) {
  Gate gate;
  orders().SetScript({AnswerRight(&gate), Fail(StatusCode::UNAVAILABLE)});
  PendingOverview pending(fixture_->stub(), RequestFor("u-1"));
  ASSERT_TRUE(orders().ends().WaitFor(101));
  gate.Open();
  EXPECT_TRUE(IsWhole(pending.Await(), "u-1"));
}

TEST_F(HedgeTest, FailureIsRetriedAndNotHedged) {
  orders().SetScript({Fail(StatusCode::UNAVAILABLE), AnswerRight()});
  const auto response = Get();
  EXPECT_TRUE(IsWhole(response, "u-1"));
  const auto& log = response.orders().status().attempts_log();
  ASSERT_EQ(log.size(), 2);
  EXPECT_EQ(log[0].code(), StatusCode::UNAVAILABLE);
  EXPECT_EQ(log[1].kind(), fanout::v1::ATTEMPT_KIND_RETRY);
  EXPECT_TRUE(log[1].won());
}

TEST_F(HedgeTest, CallerWhoLeavesEndsBoth) {
  orders().SetScript({NeverAnswer()});
  PendingOverview pending(fixture_->stub(), RequestFor("u-1"));
  ASSERT_TRUE(orders().calls().WaitFor(102));
  pending.Cancel();
  EXPECT_TRUE(orders().cancellations().WaitFor(2));
}

}  // namespace
}  // namespace gather::testing
