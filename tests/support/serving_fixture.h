#ifndef GATHER_TESTS_SUPPORT_SERVING_FIXTURE_H_
#define GATHER_TESTS_SUPPORT_SERVING_FIXTURE_H_

#include <grpcpp/client_context.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gather/aggregator/v1/aggregator.grpc.pb.h"
#include "gather/user/v1/user.grpc.pb.h"
#include "server/async/event_loop.h"
#include "server/async/task.h"
#include "server/rpc/server.h"
#include "tests/support/call_ends.h"
#include "tests/support/gate.h"

namespace gather::testing {

// co_await GateOpen(loop, gate): until the test opens it, on the loop.
class [[nodiscard]] GateOpen final : public async::Completion {
 public:
  GateOpen(async::EventLoop& loop, Gate& gate) : loop_(loop), gate_(gate) {}

  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    gate_.WhenOpen([this] { loop_.Post(this); });
  }
  void await_resume() noexcept {}

 private:
  void Complete(bool) override { waiter_.resume(); }

  async::EventLoop& loop_;
  Gate& gate_;
  std::coroutine_handle<> waiter_;
};

// A server of server/rpc alone, with a unary and a streaming method whose
// handlers a test writes, and a client of it, on a socket of 127.0.0.1.
//
//   ServingFixture fixture;
//   fixture.get_user = [](ServerCall& call, const auto&, auto*) -> ... ;
//   fixture.Start();
//   EXPECT_TRUE(fixture.GetUser().ok());
//
// Thread: the test's; handlers run on the server's loop.
class ServingFixture {
 public:
  using GetUserRequest = user::v1::GetUserRequest;
  using GetUserResponse = user::v1::GetUserResponse;
  using StreamRequest = aggregator::v1::StreamOverviewRequest;
  using StreamResponse = aggregator::v1::StreamOverviewResponse;
  using StreamWriter = rpc::StreamWriter<StreamResponse>;
  using Timeout = std::optional<std::chrono::milliseconds>;

  ServingFixture();

  // Set before Start(). By default: OK at once.
  rpc::ServerOptions options;
  std::function<async::Task<grpc::Status>(
      rpc::ServerCall&, const GetUserRequest&, GetUserResponse*)>
      get_user;
  std::function<async::Task<grpc::Status>(rpc::ServerCall&,
                                          const StreamRequest&, StreamWriter&)>
      stream;

  void Start();

  // Calls that handlers were given, where they say so.
  EventCounter begun;
  CallEnds ends;

  rpc::Server& server() { return *server_; }
  user::v1::UserService::Stub& users() { return *users_; }
  aggregator::v1::AggregatorService::Stub& streams() { return *streams_; }
  // A call that is waited for.
  grpc::Status GetUser(Timeout timeout = std::nullopt);
  // Of all calls of a unary method that have ended, how many came to `code`.
  uint64_t Handled(grpc::StatusCode code) const;

 private:
  user::v1::UserService::AsyncService user_service_;
  aggregator::v1::AggregatorService::AsyncService stream_service_;
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<user::v1::UserService::Stub> users_;
  std::unique_ptr<aggregator::v1::AggregatorService::Stub> streams_;
};

// A call of GetUser in flight.
//
// Lifetime: cancels the call, and waits for its end, when it goes.
class PendingGetUser {
 public:
  explicit PendingGetUser(ServingFixture& fixture,
                          ServingFixture::Timeout timeout = std::nullopt);
  ~PendingGetUser();
  PendingGetUser(const PendingGetUser&) = delete;
  PendingGetUser& operator=(const PendingGetUser&) = delete;

  void Cancel() { context_.TryCancel(); }
  // Fails the test where that takes too long.
  const grpc::Status& Await();

 private:
  grpc::ClientContext context_;
  const user::v1::GetUserRequest request_;
  user::v1::GetUserResponse response_;
  grpc::Status status_;
  Gate done_;
};

}  // namespace gather::testing

#endif  // GATHER_TESTS_SUPPORT_SERVING_FIXTURE_H_
