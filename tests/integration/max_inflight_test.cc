// Past the limit of calls in flight a server refuses at once, and takes calls
// again as soon as there is room.

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <vector>

#include "tests/support/aggregator_fixture.h"
#include "tests/support/replies.h"

namespace gather::testing {
namespace {

using grpc::StatusCode;

constexpr int kLimit = 3;

TEST(MaxInflightTest, CallPastTheLimitIsRefusedUntilThereIsRoom) {
  Gate gate;
  FixtureOptions options;
  options.server.max_inflight = kLimit;
  AggregatorFixture fixture(options);
  fixture.orders.SetScript({AnswerRight(&gate)});

  std::vector<std::unique_ptr<PendingOverview>> held;
  for (int i = 0; i < kLimit; ++i) {
    held.push_back(
        std::make_unique<PendingOverview>(fixture.stub(), RequestFor("u-1")));
  }
  ASSERT_TRUE(fixture.orders.calls().WaitFor(kLimit));
  const Overview refused = fixture.Get(RequestFor("u-2"));
  EXPECT_EQ(refused.status.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(fixture.server().admission().refused(), 1);

  gate.Open();
  for (const auto& call : held) {
    EXPECT_TRUE(IsWhole(call->Await(), "u-1"));
  }
  EXPECT_TRUE(IsWhole(fixture.Get(RequestFor("u-2")).response, "u-2"));
}

TEST(MaxInflightTest, CallThatWasCancelledMakesRoom) {
  FixtureOptions options;
  options.server.max_inflight = 1;
  AggregatorFixture fixture(options);
  fixture.orders.SetScript({NeverAnswer(), AnswerRight()});
  {
    const PendingOverview held(fixture.stub(), RequestFor("u-1"));
    ASSERT_TRUE(fixture.orders.calls().WaitFor(1));
  }
  ASSERT_TRUE(fixture.orders.cancellations().WaitFor(1));
  // The backend may see the end of the call before the server is done with it.
  const auto end = std::chrono::steady_clock::now() + kPatience / 2;
  Overview overview;
  do {
    overview = fixture.Get(RequestFor("u-2"));
  } while (overview.status.error_code() == StatusCode::RESOURCE_EXHAUSTED &&
           std::chrono::steady_clock::now() < end);
  EXPECT_TRUE(IsWhole(overview.response, "u-2"));
}

// A client that calls again when it has its answer is one call in flight.
TEST(MaxInflightTest, CallsInTurnNeedRoomForOne) {
  FixtureOptions options;
  options.server.max_inflight = 1;
  AggregatorFixture fixture(options);
  for (int i = 0; i < 50; ++i) {
    const Overview overview = fixture.Get(RequestFor("u-1"));
    ASSERT_TRUE(overview.status.ok())
        << "call " << i << ": " << overview.status.error_message();
  }
}

}  // namespace
}  // namespace gather::testing
