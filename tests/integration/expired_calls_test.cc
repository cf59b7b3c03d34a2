// A busy caller whose calls reach their deadlines is no attacker, however many
// do so at once, and however late its loop comes to them.

#include <grpc/grpc.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <list>
#include <string>
#include <thread>

#include "server/async/clock.h"
#include "server/async/timer.h"
#include "tests/support/serving_fixture.h"

namespace gather::testing {
namespace {

using namespace std::chrono_literals;
using async::Clock;
using async::Task;
using rpc::ServerCall;

constexpr int kLimit = 20;
constexpr int kCalls = 10 * kLimit;
constexpr int kRounds = 4;

class ExpiredCallsTest : public ::testing::Test, public ServingFixture {
 protected:
  // Answers to nobody, and keeps its loop busy once the call is over: as
  // cancelling calls of backends does.
  Task<grpc::Status> HangThenHoldTheLoop(ServerCall& call) {
    begun.Add();
    async::SleepUntil stopped(call.loop(), Clock::time_point::max(),
                              call.stop_token());
    (void)co_await stopped;
    std::this_thread::sleep_for(1ms);
    co_return grpc::Status::OK;
  }
};

TEST_F(ExpiredCallsTest, ConnectionOfABusyCallerIsKept) {
  std::atomic<int> floods = 0;
  options.max_resets_per_second = kLimit;
  options.on_flood = [&](const std::string&) { ++floods; };
  get_user = [this](ServerCall& call, const GetUserRequest&, GetUserResponse*) {
    return HangThenHoldTheLoop(call);
  };
  Start();
  for (int round = 1; round <= kRounds; ++round) {
    std::list<PendingGetUser> calls;
    for (int i = 0; i < kCalls; ++i) calls.emplace_back(*this, 100ms);
    for (PendingGetUser& call : calls) {
      EXPECT_EQ(call.Await().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
    }
  }
  EXPECT_EQ(floods, 0);
}

}  // namespace
}  // namespace gather::testing
