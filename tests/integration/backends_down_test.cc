// The aggregator outlives its backends: it starts without them, says so at
// once, and finds them when they come.

#include <gtest/gtest.h>

#include <chrono>

#include "tests/support/aggregator_fixture.h"
#include "tests/support/replies.h"

namespace gather::testing {
namespace {

namespace v1 = aggregator::v1;
using grpc::StatusCode;
using std::chrono::steady_clock;

// Calls until the answer is whole, and gives it: a backend that comes up is
// found within seconds, but when is gRPC's matter.
Overview GetWhole(AggregatorFixture& fixture) {
  const auto end = steady_clock::now() + kPatience / 2;
  Overview overview;
  do {
    overview = fixture.Get(RequestFor("u-1"));
  } while (!overview.response.complete() && steady_clock::now() < end);
  return overview;
}

TEST(BackendsDownTest, ServerStartsWithoutThem) {
  FixtureOptions options;
  options.backends_up = false;
  AggregatorFixture fixture(options);
  EXPECT_EQ(fixture.server().state(), rpc::Server::State::kActive);
  EXPECT_EQ(fixture.Health(), grpc::health::v1::HealthCheckResponse::SERVING);
}

TEST(BackendsDownTest, CallerIsToldAtOnce) {
  FixtureOptions options;
  options.backends_up = false;
  AggregatorFixture fixture(options);
  const auto start = steady_clock::now();
  const Overview overview = fixture.Get(RequestFor("u-1"));
  EXPECT_EQ(overview.status.error_code(), StatusCode::UNAVAILABLE);
  // Usually a tenth of a second; what matters is that it is not the deadline.
  EXPECT_LT(steady_clock::now() - start, kPatience / 4);
}

TEST(BackendsDownTest, TheyAreFoundWhenTheyComeUp) {
  FixtureOptions options;
  options.backends_up = false;
  AggregatorFixture fixture(options);
  ASSERT_EQ(fixture.Get(RequestFor("u-1")).status.error_code(),
            StatusCode::UNAVAILABLE);
  fixture.StartBackends();
  EXPECT_TRUE(IsWhole(GetWhole(fixture).response, "u-1"));
}

TEST(BackendsDownTest, BackendThatDiesInACallCostsItsSectionAndIsFoundAgain) {
  AggregatorFixture fixture;
  fixture.orders.SetScript({NeverAnswer()});
  {
    PendingOverview overview(fixture.stub(), RequestFor("u-1"));
    ASSERT_TRUE(fixture.orders.calls().WaitFor(1));
    fixture.orders.Stop();
    ASSERT_TRUE(overview.Await().status.ok())
        << overview.Await().status.error_message();
    const v1::GetOverviewResponse& response = overview.Await().response;
    EXPECT_EQ(response.orders().status().state(),
              fanout::v1::SECTION_STATE_FAILED);
    EXPECT_TRUE(IsRight(response.user(), "u-1"));
    EXPECT_TRUE(IsRight(response.products(), "u-1"));
  }
  fixture.orders.SetScript({});
  fixture.orders.Start();
  EXPECT_TRUE(IsWhole(GetWhole(fixture).response, "u-1"));
}

}  // namespace
}  // namespace gather::testing
