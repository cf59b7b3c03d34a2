// Drain with connection age: clients leave before the server refuses.

#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "grpc/health/v1/health.grpc.pb.h"
#include "server/async/clock.h"
#include "server/rpc/grpc_workarounds/open_connections.h"
#include "server/rpc/server.h"
#include "tests/support/gate.h"

namespace gather::testing {
namespace {

using async::Clock;
using grpc::health::v1::Health;
using rpc::Server;
using std::chrono::milliseconds;

rpc::ServerOptions WithAge(milliseconds age) {
  rpc::ServerOptions options;
  options.max_connection_age = age;
  return options;
}

// A client of both servers that calls without a pause, four at a time, until it
// is destroyed.
class Caller {
 public:
  Caller(const Server& one, const Server& other) {
    grpc::ChannelArguments args;
    args.SetLoadBalancingPolicyName("round_robin");
    const std::string target = "ipv4:127.0.0.1:" + std::to_string(one.port()) +
                               ",127.0.0.1:" + std::to_string(other.port());
    stub_ = Health::NewStub(grpc::CreateCustomChannel(
        target, grpc::InsecureChannelCredentials(), args));
    for (std::jthread& thread : threads_) {
      thread = std::jthread([this](std::stop_token stop) {
        while (!stop.stop_requested()) Call();
      });
    }
  }

  const EventCounter& calls() const { return calls_; }
  int failed() const { return failed_; }

 private:
  void Call() {
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    grpc::health::v1::HealthCheckResponse response;
    if (!stub_->Check(&context, {}, &response).ok()) ++failed_;
    calls_.Add();
  }

  std::unique_ptr<Health::Stub> stub_;
  EventCounter calls_;
  std::atomic<int> failed_ = 0;
  std::array<std::jthread, 4> threads_;
};

TEST(DrainAgeTest, ClientsLeaveForAnotherServerAndLoseNoCall) {
  Server leaving(WithAge(milliseconds(300)));
  Server staying(WithAge(milliseconds(300)));
  ASSERT_TRUE(leaving.Start().ok());
  ASSERT_TRUE(staying.Start().ok());
  Caller caller(leaving, staying);
  ASSERT_TRUE(caller.calls().WaitFor(100));
  auto connections = rpc::OpenConnections::Open();
  ASSERT_TRUE(connections.ok());
  ASSERT_GT((*connections)->CountConnections({leaving.port()}), 0);

  leaving.Drain(Clock::now() + kPatience);
  const int during = caller.calls().count();
  ASSERT_TRUE(caller.calls().WaitFor(during + 100));
  EXPECT_EQ(caller.failed(), 0);
}

TEST(DrainAgeTest, ServerWithoutClientsStopsAtOnce) {
  Server server(WithAge(std::chrono::duration_cast<milliseconds>(kPatience)));
  ASSERT_TRUE(server.Start().ok());
  const Clock::time_point start = Clock::now();
  server.Drain(start + 4 * kPatience);
  EXPECT_LT(Clock::now() - start, kPatience / 2);
}

}  // namespace
}  // namespace gather::testing
