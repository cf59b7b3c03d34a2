// A backend that hangs yields a partial answer before the caller gives up.

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/support/aggregator_fixture.h"
#include "tests/support/replies.h"

namespace gather::testing {
namespace {

using namespace std::chrono_literals;

namespace v1 = aggregator::v1;
using grpc::StatusCode;

// True for an answer that is whole but for orders that timed out.
bool LacksOnlyTheOrders(const Overview& overview) {
  const fanout::v1::SectionStatus& orders = overview.response.orders().status();
  return overview.status.ok() && !overview.response.complete() &&
         orders.state() == fanout::v1::SECTION_STATE_FAILED &&
         orders.code() == StatusCode::DEADLINE_EXCEEDED &&
         orders.reason() == "BACKEND_TIMEOUT" &&
         IsRight(overview.response.user(), "u-1") &&
         IsRight(overview.response.products(), "u-1");
}

class ClientDeadlineTest
    : public ::testing::TestWithParam<std::chrono::milliseconds> {};

TEST_P(ClientDeadlineTest, HungBackendYieldsAPartialAnswerBeforeIt) {
  AggregatorFixture fixture;
  fixture.orders.SetScript({NeverAnswer()});
  // On a machine that is busy enough the reserve may be too short, so one try
  // of many will do. Without a reserve none does.
  bool partial = false;
  for (int i = 0; i < 10 && !partial; ++i) {
    partial = LacksOnlyTheOrders(fixture.Get(RequestFor("u-1"), GetParam()));
  }
  EXPECT_TRUE(partial);
}

INSTANTIATE_TEST_SUITE_P(Deadlines, ClientDeadlineTest,
                         ::testing::Values(100ms, 500ms, 2s),
                         [](const auto& test) {
                           return std::to_string(test.param.count()) + "ms";
                         });

TEST(BudgetTest, CallerWithoutADeadlineGetsTheDefaultBudget) {
  FixtureOptions options;
  options.timeouts.total = 2s;
  AggregatorFixture fixture(options);
  fixture.orders.SetScript({NeverAnswer()});
  const Overview overview = fixture.Get(RequestFor("u-1"));
  EXPECT_TRUE(LacksOnlyTheOrders(overview))
      << overview.response.ShortDebugString();
}

TEST(BudgetTest, SectionTimeoutShorterThanTheBudgetCounts) {
  FixtureOptions options;
  options.timeouts.section = 2s;
  AggregatorFixture fixture(options);
  fixture.orders.SetScript({NeverAnswer()});
  const auto start = std::chrono::steady_clock::now();
  const Overview overview = fixture.Get(RequestFor("u-1"), kPatience);
  EXPECT_TRUE(LacksOnlyTheOrders(overview))
      << overview.response.ShortDebugString();
  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_GE(took, 1s);
  EXPECT_LT(took, kPatience / 2);
}

TEST(BudgetTest, HungBackendSeesItsCallCancelled) {
  FixtureOptions options;
  options.timeouts.section = 2s;
  AggregatorFixture fixture(options);
  fixture.orders.SetScript({NeverAnswer()});
  ASSERT_TRUE(fixture.Get(RequestFor("u-1")).status.ok());
  EXPECT_TRUE(fixture.orders.cancellations().WaitFor(1));
}

TEST(BudgetTest, BackendsGetLessTimeThanTheClientGave) {
  AggregatorFixture fixture;
  ASSERT_TRUE(fixture.Get(RequestFor("u-1"), 20s).status.ok());
  for (const FakeBackend* backend :
       {&fixture.user, &fixture.orders, &fixture.products}) {
    ASSERT_EQ(backend->seen().size(), 1U);
    // What is left when the call arrives only shrinks by a slow machine.
    EXPECT_LT(backend->seen()[0].time_left, 20s);
  }
}

TEST(BudgetTest, BackendsGetADeadlineAlsoWhereTheClientSetNone) {
  FixtureOptions options;
  options.timeouts.total = 30s;
  AggregatorFixture fixture(options);
  ASSERT_TRUE(fixture.Get(RequestFor("u-1")).status.ok());
  for (const FakeBackend* backend :
       {&fixture.user, &fixture.orders, &fixture.products}) {
    ASSERT_EQ(backend->seen().size(), 1U);
    EXPECT_LT(backend->seen()[0].time_left, 30s);
  }
}

}  // namespace
}  // namespace gather::testing
