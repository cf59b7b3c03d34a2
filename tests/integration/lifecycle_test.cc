// The life of a server: Configuration, Active, Draining, Stopped.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/async/clock.h"
#include "tests/support/aggregator_fixture.h"
#include "tests/support/replies.h"

namespace gather::testing {
namespace {

using async::Clock;
using grpc::health::v1::HealthCheckResponse;
using rpc::Server;
using ::testing::HasSubstr;

constexpr char kService[] = "gather.aggregator.v1.AggregatorService";

TEST(LifecycleTest, StepsComeInOrderAndTakeEffectOnce) {
  Server server({});
  EXPECT_EQ(server.state(), Server::State::kConfiguration);
  ASSERT_TRUE(server.Start().ok());
  EXPECT_EQ(server.state(), Server::State::kActive);
  EXPECT_GT(server.port(), 0);
  server.StopServing();
  EXPECT_EQ(server.state(), Server::State::kDraining);
  server.StopServing();
  EXPECT_EQ(server.state(), Server::State::kDraining);
  server.Drain(Clock::now() + kPatience);
  EXPECT_EQ(server.state(), Server::State::kStopped);
  server.Drain(Clock::now() + kPatience);
  server.StopServing();
  EXPECT_EQ(server.state(), Server::State::kStopped);
}

TEST(LifecycleTest, DrainStopsAnActiveServerToo) {
  AggregatorFixture fixture;
  fixture.server().Drain(Clock::now() + kPatience);
  EXPECT_EQ(fixture.server().state(), Server::State::kStopped);
  EXPECT_EQ(fixture.Get(RequestFor("u-1")).status.error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

TEST(LifecycleTest, ServerThatNeverStartedGoesQuietly) {
  Server server({});
  server.StopServing();
  server.Drain(Clock::now());
  EXPECT_EQ(server.state(), Server::State::kConfiguration);
}

TEST(LifecycleTest, SecondServerOnAPortIsAnErrorThatNamesIt) {
  AggregatorFixture fixture;
  rpc::ServerOptions options;
  options.listen = fixture.address();
  Server second(options);
  const absl::Status started = second.Start();
  EXPECT_EQ(started.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(started.message()), HasSubstr(fixture.address()));
  // The first one is none the worse for it.
  EXPECT_TRUE(IsWhole(fixture.Get(RequestFor("u-1")).response, "u-1"));
}

TEST(LifecycleTest, HealthIsServingUntilStopServing) {
  AggregatorFixture fixture;
  EXPECT_EQ(fixture.Health(), HealthCheckResponse::SERVING);
  EXPECT_EQ(fixture.Health(kService), HealthCheckResponse::SERVING);
  fixture.server().StopServing();
  EXPECT_EQ(fixture.Health(), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(fixture.Health(kService), HealthCheckResponse::NOT_SERVING);
}

TEST(LifecycleTest, CallsAreServedAfterStopServing) {
  AggregatorFixture fixture;
  fixture.server().StopServing();
  EXPECT_TRUE(IsWhole(fixture.Get(RequestFor("u-1")).response, "u-1"));
}

}  // namespace
}  // namespace gather::testing
