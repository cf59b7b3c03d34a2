// Drain: what is in flight is answered, as long as there is time.

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "server/async/clock.h"
#include "tests/support/aggregator_fixture.h"
#include "tests/support/replies.h"
#include "tests/support/socket.h"

namespace gather::testing {
namespace {

using async::Clock;
using rpc::Server;

// Returns once nobody listens on the port: the server's drain is under way.
void AwaitRefusal(int port) {
  const auto end = Clock::now() + kPatience;
  while (Socket::Connect(port)) {
    ASSERT_LT(Clock::now(), end) << "still listens";
  }
}

TEST(DrainTest, CallInFlightIsAnsweredWhole) {
  AggregatorFixture fixture;
  Gate gate;
  fixture.orders.SetScript({AnswerRight(&gate)});
  PendingOverview overview(fixture.stub(), RequestFor("u-1"));
  ASSERT_TRUE(fixture.orders.calls().WaitFor(1));

  const std::jthread opener([&gate, port = fixture.server().port()] {
    AwaitRefusal(port);
    gate.Open();
  });
  fixture.server().Drain(Clock::now() + kPatience);
  EXPECT_EQ(fixture.server().state(), Server::State::kStopped);
  ASSERT_TRUE(overview.Await().status.ok())
      << overview.Await().status.error_message();
  EXPECT_TRUE(IsWhole(overview.Await(), "u-1"));
}

TEST(DrainTest, CallThatOutlastsTheDeadlineIsCancelled) {
  AggregatorFixture fixture;
  for (FakeBackend* backend :
       {&fixture.user, &fixture.orders, &fixture.products}) {
    backend->SetScript({NeverAnswer()});
  }
  PendingOverview overview(fixture.stub(), RequestFor("u-1"));
  ASSERT_TRUE(fixture.user.calls().WaitFor(1));
  ASSERT_TRUE(fixture.orders.calls().WaitFor(1));
  ASSERT_TRUE(fixture.products.calls().WaitFor(1));

  fixture.server().Drain(Clock::now() + std::chrono::milliseconds(100));
  EXPECT_EQ(fixture.server().state(), Server::State::kStopped);
  EXPECT_FALSE(overview.Await().status.ok());
  EXPECT_TRUE(fixture.user.cancellations().WaitFor(1));
  EXPECT_TRUE(fixture.orders.cancellations().WaitFor(1));
  EXPECT_TRUE(fixture.products.cancellations().WaitFor(1));
}

TEST(DrainTest, IdleServerDoesNotWaitForTheDeadline) {
  AggregatorFixture fixture;
  ASSERT_TRUE(fixture.Get(RequestFor("u-1")).status.ok());
  const Clock::time_point start = Clock::now();
  fixture.server().Drain(start + kPatience);
  EXPECT_LT(Clock::now() - start, kPatience / 2);
}

}  // namespace
}  // namespace gather::testing
