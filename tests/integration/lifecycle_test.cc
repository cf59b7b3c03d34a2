// The life of a server: Configuration, Active, Draining, Stopped.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "grpc/health/v1/health.grpc.pb.h"
#include "server/async/clock.h"
#include "tests/support/aggregator_fixture.h"
#include "tests/support/replies.h"

namespace gather::testing {
namespace {

using async::Clock;
using grpc::health::v1::HealthCheckResponse;
using rpc::Server;
using ::testing::HasSubstr;
using ::testing::Not;

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

// A call of grpc.health.v1.Health/Watch.
class HealthWatch {
 public:
  explicit HealthWatch(const AggregatorFixture& fixture,
                       const std::string& service = "")
      : HealthWatch(fixture.NewChannel(), service) {}
  explicit HealthWatch(const std::shared_ptr<grpc::Channel>& channel,
                       const std::string& service = "")
      : stub_(grpc::health::v1::Health::NewStub(channel)) {
    context_.set_deadline(std::chrono::system_clock::now() + kPatience);
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(service);
    reader_ = stub_->Watch(&context_, request);
  }

  // What it says next; UNKNOWN where it has ended.
  HealthStatus Next() {
    HealthCheckResponse response;
    return reader_->Read(&response) ? response.status()
                                    : HealthCheckResponse::UNKNOWN;
  }
  grpc::StatusCode Finish() { return reader_->Finish().error_code(); }

 private:
  const std::unique_ptr<grpc::health::v1::Health::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<HealthCheckResponse>> reader_;
};

TEST(LifecycleTest, WatchersOfHealthAreToldAndLetGo) {
  AggregatorFixture fixture;
  HealthWatch all(fixture);
  HealthWatch service(fixture, kService);
  HealthWatch unknown(fixture, "gather.Unknown");
  EXPECT_EQ(all.Next(), HealthCheckResponse::SERVING);
  EXPECT_EQ(service.Next(), HealthCheckResponse::SERVING);
  EXPECT_EQ(unknown.Next(), HealthCheckResponse::SERVICE_UNKNOWN);

  fixture.server().StopServing();
  EXPECT_EQ(all.Next(), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(service.Next(), HealthCheckResponse::NOT_SERVING);

  // They do not hold the drain up.
  const Clock::time_point start = Clock::now();
  fixture.server().Drain(start + 2 * kPatience);
  EXPECT_LT(Clock::now() - start, kPatience);
  for (HealthWatch* watch : {&all, &service, &unknown}) {
    EXPECT_EQ(watch->Next(), HealthCheckResponse::UNKNOWN);
    EXPECT_EQ(watch->Finish(), grpc::StatusCode::UNAVAILABLE);
  }
}

TEST(LifecycleTest, WatchersOfHealthHaveALimit) {
  AggregatorFixture fixture;
  // Two, as a connection has its own limit on calls.
  const std::array channels = {fixture.NewChannel(), fixture.NewChannel()};
  std::vector<std::unique_ptr<HealthWatch>> watches;
  for (int i = 0; i < rpc::Health::kMaxWatches; ++i) {
    watches.push_back(std::make_unique<HealthWatch>(channels[i % 2]));
    ASSERT_EQ(watches.back()->Next(), HealthCheckResponse::SERVING) << i;
  }
  HealthWatch refused(channels[0]);
  EXPECT_EQ(refused.Next(), HealthCheckResponse::UNKNOWN);
  EXPECT_EQ(refused.Finish(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(fixture.Health(), HealthCheckResponse::SERVING);
  fixture.server().Drain(Clock::now() + kPatience);
}

TEST(LifecycleTest, HealthIsNeitherLimitedNorCounted) {
  FixtureOptions options;
  options.server.max_inflight = 1;
  AggregatorFixture fixture(options);
  Gate gate;
  fixture.user.SetScript({AnswerRight(&gate)});
  PendingOverview held(fixture.stub(), RequestFor("u-1"));
  ASSERT_TRUE(fixture.user.calls().WaitFor(1));
  EXPECT_EQ(fixture.Health(), HealthCheckResponse::SERVING);
  EXPECT_EQ(fixture.server().stats().refused, 0);
  for (const auto& method : fixture.server().stats().methods) {
    EXPECT_THAT(method.name, Not(HasSubstr("grpc.health")));
  }
  gate.Open();
  EXPECT_TRUE(IsWhole(held.Await(), "u-1"));
}

TEST(LifecycleTest, UnknownServiceHasNoHealth) {
  AggregatorFixture fixture;
  const auto stub = grpc::health::v1::Health::NewStub(fixture.NewChannel());
  grpc::ClientContext context;
  grpc::health::v1::HealthCheckRequest request;
  request.set_service("gather.Unknown");
  HealthCheckResponse response;
  EXPECT_EQ(stub->Check(&context, request, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST(LifecycleTest, CallsAreServedAfterStopServing) {
  AggregatorFixture fixture;
  fixture.server().StopServing();
  EXPECT_TRUE(IsWhole(fixture.Get(RequestFor("u-1")).response, "u-1"));
}

}  // namespace
}  // namespace gather::testing
