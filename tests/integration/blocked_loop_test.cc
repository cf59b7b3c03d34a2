// A handler that blocks its event loop costs that loop's callers, nobody else,
// and is named. Where the other loop was not needed until then, it joins.

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gather/user/v1/user.grpc.pb.h"
#include "server/async/clock.h"
#include "server/rpc/server.h"
#include "tests/support/gate.h"

namespace gather::testing {
namespace {

using namespace std::chrono_literals;
using user::v1::GetUserRequest;
using user::v1::GetUserResponse;
using user::v1::UserService;

constexpr char kMethod[] = "gather.user.v1.UserService/GetUser";
constexpr std::chrono::milliseconds kStallLimit = 50ms;
constexpr auto kHeld = 1s;

// Answers with the number of the loop that it ran on. For the user "block" it
// holds that loop until `release` opens.
class LoopTeller {
 public:
  async::Task<grpc::Status> operator()(rpc::ServerCall& call,
                                       const GetUserRequest& request,
                                       GetUserResponse* response) {
    if (request.user_id() == "block") {
      blocked.Add();
      EXPECT_TRUE(release.Wait());
    }
    response->mutable_user()->set_id(std::to_string(call.loop_index()));
    co_return grpc::Status::OK;
  }

  EventCounter blocked;
  Gate release;
};

// What the watchdog said.
class Stalls {
 public:
  async::Watchdog::OnStall Listener() {
    return [this](const async::Stall& stall) {
      {
        const std::lock_guard lock(mutex_);
        seen_.push_back(stall);
      }
      count_.Add();
    };
  }
  std::optional<async::Stall> Await(int nth) {
    if (!count_.WaitFor(nth)) return std::nullopt;
    const std::lock_guard lock(mutex_);
    return seen_[nth - 1];
  }

 private:
  std::mutex mutex_;
  std::vector<async::Stall> seen_;
  EventCounter count_;
};

class BlockedLoopTest : public ::testing::Test {
 protected:
  explicit BlockedLoopTest(int loops_at_start = 2)
      : server_(Options(stalls_, loops_at_start)) {
    server_.AddUnary(kMethod, service_,
                     &UserService::AsyncService::RequestGetUser,
                     [this](auto& call, const auto& request, auto* response) {
                       return teller_(call, request, response);
                     });
    EXPECT_TRUE(server_.Start().ok());
  }
  ~BlockedLoopTest() override { teller_.release.Open(); }

  static rpc::ServerOptions Options(Stalls& stalls, int loops_at_start) {
    rpc::ServerOptions options;
    options.event_loops = 2;
    options.loops_at_start = loops_at_start;
    options.stall_limit = kStallLimit;
    options.on_stall = stalls.Listener();
    return options;
  }

  // A connection of its own: all its calls run on one loop.
  std::unique_ptr<UserService::Stub> Connect() const {
    grpc::ChannelArguments args;
    args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    return UserService::NewStub(
        grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(server_.port()),
                                  grpc::InsecureChannelCredentials(), args));
  }

  // Which loop answered; empty for no answer.
  static std::string LoopOf(UserService::Stub& stub,
                            const std::string& user_id) {
    GetUserResponse response;
    const grpc::Status status = Ask(stub, user_id, kPatience, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.user().id();
  }

  static grpc::Status Ask(UserService::Stub& stub, const std::string& user_id,
                          std::chrono::nanoseconds timeout,
                          GetUserResponse& response) {
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    context.set_deadline(std::chrono::system_clock::now() + timeout);
    GetUserRequest request;
    request.set_user_id(user_id);
    return stub.GetUser(&context, request, &response);
  }

  // A connection to each loop.
  std::array<std::unique_ptr<UserService::Stub>, 2> ConnectToBoth() const {
    std::array<std::unique_ptr<UserService::Stub>, 2> stubs;
    for (int i = 0; i < 200 && !(stubs[0] && stubs[1]); ++i) {
      auto stub = Connect();
      const std::string loop = LoopOf(*stub, "ask");
      stubs[loop == "1" ? 1 : 0] = std::move(stub);
    }
    EXPECT_TRUE(stubs[0] && stubs[1]) << "one loop takes all connections";
    return stubs;
  }

  Stalls stalls_;
  LoopTeller teller_;
  UserService::AsyncService service_;
  rpc::Server server_;
};

TEST_F(BlockedLoopTest, OtherLoopServesAndTheWatchdogNamesTheCall) {
  const auto stubs = ConnectToBoth();
  ASSERT_TRUE(stubs[0] && stubs[1]);
  const auto start = async::Clock::now();
  std::jthread blocker([&] { EXPECT_EQ(LoopOf(*stubs[0], "block"), "0"); });
  ASSERT_TRUE(teller_.blocked.WaitFor(1));

  const std::optional<async::Stall> stall = stalls_.Await(1);
  ASSERT_TRUE(stall.has_value());
  EXPECT_EQ(stall->activity, kMethod);
  EXPECT_EQ(stall->loop, 0U);
  EXPECT_FALSE(stall->over);
  int served = 0;
  for (; async::Clock::now() - start < kHeld; ++served) {
    EXPECT_EQ(LoopOf(*stubs[1], "ask"), "1");
  }
  EXPECT_GE(served, 10);
  // The figure that an operator reads.
  EXPECT_EQ(server_.stats().stalls, 1);

  teller_.release.Open();
  blocker.join();
  const std::optional<async::Stall> end = stalls_.Await(2);
  ASSERT_TRUE(end.has_value());
  EXPECT_TRUE(end->over);
  EXPECT_GE(end->held, kHeld / 2);
  EXPECT_EQ(LoopOf(*stubs[0], "ask"), "0");
}

class LateLoopTest : public BlockedLoopTest {
 protected:
  LateLoopTest() : BlockedLoopTest(/*loops_at_start=*/1) {}
};

TEST_F(LateLoopTest, OneLoopServesAllConnectionsWhereMoreAreNotNeeded) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(LoopOf(*Connect(), "ask"), "0");
  EXPECT_EQ(server_.stats().loops.size(), 1U);
}

TEST_F(LateLoopTest, AnotherJoinsWhereAStepHoldsTheFirst) {
  const auto stub = Connect();
  std::jthread blocker([&] { EXPECT_EQ(LoopOf(*stub, "block"), "0"); });
  ASSERT_TRUE(stalls_.Await(1).has_value());
  EXPECT_EQ(server_.stats().loops.size(), 2U);

  // Of those that connect from now on, every other one is the new loop's.
  bool answered = false;
  for (int i = 0; i < 100 && !answered; ++i) {
    GetUserResponse response;
    answered = Ask(*Connect(), "ask", 200ms, response).ok();
    EXPECT_EQ(response.user().id(), answered ? "1" : "");
  }
  EXPECT_TRUE(answered);
  teller_.release.Open();
}

// gRPC loses requests that are posted as a server shuts down, and the loop that
// waits for them never ends.
TEST_F(LateLoopTest, ADrainStartsNoLoopThatWasNeverNeeded) {
  EXPECT_EQ(LoopOf(*Connect(), "ask"), "0");
  server_.Drain(async::Clock::now() + kPatience);
  EXPECT_EQ(server_.state(), rpc::Server::State::kStopped);
  EXPECT_EQ(server_.stats().loops.size(), 1U);
}

// Loops that have just joined, and others that have not. With the fault above
// this ended, too: broken_backend_test did not, in one run of four.
TEST(LateLoopsTest, ADrainThatFollowsTheStartAtOnceEnds) {
  for (int i = 0; i < 200; ++i) {
    rpc::ServerOptions options;
    options.event_loops = 3;
    options.loops_at_start = 1 + i % 3;
    LoopTeller teller;
    UserService::AsyncService service;
    rpc::Server server(options);
    server.AddUnary(kMethod, service,
                    &UserService::AsyncService::RequestGetUser,
                    [&](auto& call, const auto& request, auto* response) {
                      return teller(call, request, response);
                    });
    ASSERT_TRUE(server.Start().ok());
    server.Drain(async::Clock::now() + kPatience);
  }
}

}  // namespace
}  // namespace gather::testing
