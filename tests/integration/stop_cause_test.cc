// Why a call was stopped is told apart, in metrics, in what observers are told,
// and to the caller where it is still there.

#include "server/rpc/stop_cause.h"

#include <gmock/gmock.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "server/async/clock.h"
#include "server/async/timer.h"
#include "server/rpc/server_call.h"
#include "tests/support/serving_fixture.h"
#include "tests/support/socket.h"

namespace gather::testing {
namespace {

using namespace std::chrono_literals;
using async::Clock;
using async::Task;
using grpc::StatusCode;
using rpc::ServerCall;
using rpc::StopCause;
using ::testing::HasSubstr;

// Far more than gRPC buffers for a reader that does not read.
constexpr std::size_t kLongReply = 3'500'000;

class StopCauseTest : public ::testing::Test, public ServingFixture {
 protected:
  // A handler that ends once it is stopped, and takes that for success.
  Task<grpc::Status> EndWhenStopped(ServerCall& call) {
    begun.Add();
    async::SleepUntil stopped(call.loop(), Clock::time_point::max(),
                              call.stop_token());
    (void)co_await stopped;
    co_return grpc::Status::OK;
  }

  void ServeUntilStopped() {
    get_user = [this](ServerCall& call, const GetUserRequest&,
                      GetUserResponse*) { return EndWhenStopped(call); };
    Start();
  }

  void ServeStatus(const grpc::Status& status) {
    get_user = [status](ServerCall&, const GetUserRequest&,
                        GetUserResponse*) -> Task<grpc::Status> {
      return Return(status);
    };
    Start();
  }

  static Task<grpc::Status> Return(grpc::Status status) { co_return status; }

  Task<grpc::Status> AwaitGate(ServerCall& call, Gate& gate) {
    begun.Add();
    GateOpen open(call.loop(), gate);
    co_await open;
    co_return grpc::Status::OK;
  }

  // Messages that nobody reads, until one can't be sent.
  Task<grpc::Status> WriteUntilTheEnd(StreamWriter& writer) {
    begun.Add();
    StreamResponse message;
    message.mutable_user()->mutable_user()->set_id(
        std::string(kLongReply, 'x'));
    while (true) {
      const bool sent = co_await writer.Write(message);
      if (!sent) break;
    }
    co_return grpc::Status::OK;
  }

  void ServeLongStream() {
    stream = [this](ServerCall&, const StreamRequest&, StreamWriter& writer) {
      return WriteUntilTheEnd(writer);
    };
    Start();
  }

  void ExpectEnd(StatusCode code, StopCause cause) {
    ASSERT_TRUE(ends.counter().WaitFor(1));
    EXPECT_EQ(ends.Last().code, code) << ends.Last().message;
    EXPECT_EQ(ends.Last().cause, cause);
    EXPECT_EQ(ends.Last().message.empty(), code == StatusCode::OK);
  }
};

TEST_F(StopCauseTest, CallerThatCancelsHasLeft) {
  ServeUntilStopped();
  PendingGetUser call(*this, kPatience);
  ASSERT_TRUE(begun.WaitFor(1));
  call.Cancel();
  ASSERT_NO_FATAL_FAILURE(
      ExpectEnd(StatusCode::CANCELLED, StopCause::kCallerLeft));
  EXPECT_EQ(Handled(StatusCode::CANCELLED), 1);
  EXPECT_EQ(Handled(StatusCode::OK), 0);
}

TEST_F(StopCauseTest, DeadlineThatPassesInFlightIsNoLeaving) {
  ServeUntilStopped();
  // gRPC's clients send the second as 1.01 s, and cancel the call 9 ms earlier.
  for (const auto timeout : {100ms, 1001ms}) {
    const int before = ends.counter().count();
    EXPECT_EQ(GetUser(timeout).error_code(), StatusCode::DEADLINE_EXCEEDED);
    ASSERT_TRUE(ends.counter().WaitFor(before + 1));
    ASSERT_NO_FATAL_FAILURE(
        ExpectEnd(StatusCode::DEADLINE_EXCEEDED, StopCause::kDeadlineExceeded));
  }
  EXPECT_EQ(Handled(StatusCode::DEADLINE_EXCEEDED), 2);
  EXPECT_EQ(Handled(StatusCode::OK), 0);
}

TEST_F(StopCauseTest, DeadlineThatIsSentAsAnEarlierCallsIsNoLeaving) {
  std::atomic<bool> hold = false;
  get_user = [&](ServerCall& call, const GetUserRequest&, GetUserResponse*) {
    return hold ? EndWhenStopped(call) : Return(grpc::Status::OK);
  };
  Start();
  // gRPC's clients send this one's timeout for the next one's, too.
  ASSERT_TRUE(GetUser(2000ms).ok());
  ASSERT_TRUE(ends.counter().WaitFor(1));
  hold = true;
  EXPECT_EQ(GetUser(1950ms).error_code(), StatusCode::DEADLINE_EXCEEDED);
  ASSERT_TRUE(ends.counter().WaitFor(2));
  ASSERT_NO_FATAL_FAILURE(
      ExpectEnd(StatusCode::DEADLINE_EXCEEDED, StopCause::kDeadlineExceeded));
}

TEST_F(StopCauseTest, DrainThatRunsOutOfTimeTellsCallersAndCounts) {
  ServeUntilStopped();
  PendingGetUser call(*this);
  ASSERT_TRUE(begun.WaitFor(1));
  server().Drain(Clock::now() + 50ms);
  EXPECT_EQ(call.Await().error_code(), StatusCode::UNAVAILABLE);
  EXPECT_EQ(call.Await().error_message(), "the server shuts down");
  ASSERT_NO_FATAL_FAILURE(
      ExpectEnd(StatusCode::UNAVAILABLE, StopCause::kDraining));
  EXPECT_EQ(Handled(StatusCode::UNAVAILABLE), 1);
}

TEST_F(StopCauseTest, ServerThatGoesTellsCallersToo) {
  ServeUntilStopped();
  PendingGetUser call(*this);
  ASSERT_TRUE(begun.WaitFor(1));
  server().Drain(Clock::now());
  EXPECT_EQ(call.Await().error_message(), "the server shuts down");
}

TEST_F(StopCauseTest, DrainEndsWhatDoesNotEndOfItself) {
  ServeLongStream();
  grpc::ClientContext context;
  const auto reader = streams().StreamOverview(&context, {});
  ASSERT_TRUE(begun.WaitFor(1));
  const Clock::time_point start = Clock::now();
  server().Drain(start + 50ms);
  EXPECT_LT(Clock::now() - start, kPatience);
  ASSERT_NO_FATAL_FAILURE(
      ExpectEnd(StatusCode::UNAVAILABLE, StopCause::kDraining));
}

TEST_F(StopCauseTest, CallThatEndsDuringADrainKeepsItsStatus) {
  Gate gate;
  get_user = [&](ServerCall& call, const GetUserRequest&,
                 GetUserResponse*) -> Task<grpc::Status> {
    return AwaitGate(call, gate);
  };
  Start();
  PendingGetUser call(*this);
  ASSERT_TRUE(begun.WaitFor(1));
  const std::jthread opener([&] {
    while (Socket::Connect(server().port())) continue;  // until it drains
    gate.Open();
  });
  server().Drain(Clock::now() + kPatience);
  EXPECT_TRUE(call.Await().ok());
  ASSERT_NO_FATAL_FAILURE(ExpectEnd(StatusCode::OK, StopCause::kNone));
}

// The call itself is made as usual, but its answer is not asked for.
TEST_F(StopCauseTest, AnswerThatIsNotTakenInIsNoSuccess) {
  options.send_timeout = 100ms;
  get_user = [](ServerCall&, const GetUserRequest&,
                GetUserResponse* response) -> Task<grpc::Status> {
    response->mutable_user()->set_id(std::string(kLongReply, 'x'));
    return Return(grpc::Status::OK);
  };
  Start();
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto reader = users().PrepareAsyncGetUser(&context, {}, &queue);
  reader->StartCall();
  reader->ReadInitialMetadata(nullptr);
  ASSERT_NO_FATAL_FAILURE(
      ExpectEnd(StatusCode::CANCELLED, StopCause::kSendTimeout));
  EXPECT_THAT(ends.Last().message, HasSubstr("takes nothing in"));
  EXPECT_EQ(Handled(StatusCode::CANCELLED), 1);
  EXPECT_EQ(Handled(StatusCode::OK), 0);

  GetUserResponse response;
  grpc::Status status;
  reader->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  ASSERT_TRUE(queue.Next(&tag, &ok) && queue.Next(&tag, &ok));
  EXPECT_FALSE(status.ok());
  queue.Shutdown();
  EXPECT_FALSE(queue.Next(&tag, &ok));
}

TEST_F(StopCauseTest, StreamThatIsNotTakenInIsNoSuccess) {
  options.send_timeout = 100ms;
  ServeLongStream();
  grpc::ClientContext context;
  const auto reader = streams().StreamOverview(&context, {});
  ASSERT_NO_FATAL_FAILURE(
      ExpectEnd(StatusCode::CANCELLED, StopCause::kSendTimeout));
  EXPECT_THAT(ends.Last().message, HasSubstr("takes nothing in"));
}

TEST_F(StopCauseTest, CallThatFailsByItselfKeepsItsStatus) {
  ServeStatus({StatusCode::NOT_FOUND, "no such user"});
  EXPECT_EQ(GetUser(kPatience).error_code(), StatusCode::NOT_FOUND);
  ASSERT_NO_FATAL_FAILURE(ExpectEnd(StatusCode::NOT_FOUND, StopCause::kNone));
  EXPECT_EQ(ends.Last().message, "no such user");
}

TEST_F(StopCauseTest, CallThatIsRefusedKeepsItsStatus) {
  options.max_inflight = 1;
  ServeUntilStopped();
  PendingGetUser held(*this);
  ASSERT_TRUE(begun.WaitFor(1));
  EXPECT_EQ(GetUser(kPatience).error_code(), StatusCode::RESOURCE_EXHAUSTED);
  ASSERT_NO_FATAL_FAILURE(
      ExpectEnd(StatusCode::RESOURCE_EXHAUSTED, StopCause::kNone));
}

}  // namespace
}  // namespace gather::testing
