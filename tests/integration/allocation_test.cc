// Whatever allocation fails, every call ends, the next one is served, and the
// server drains: each allocation that code of ours makes on a loop fails once.

#include <grpcpp/client_context.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <new>
#include <string>
#include <string_view>

#include "server/async/clock.h"
#include "server/async/timer.h"
#include "server/rpc/server_call.h"
#include "tests/support/failing_new.h"
#include "tests/support/serving_fixture.h"

namespace gather::testing {

using namespace std::chrono_literals;
using async::Clock;
using async::Task;
using grpc::StatusCode;
using rpc::ServerCall;

// More than four calls of either kind make, with all that goes on beside them.
constexpr int kAllocations = 60;

// Too long for a string to have in itself.
constexpr char kWords[] = "words that need some memory of their own";

// Nothing here is local to the file, or it would be nobody's code.
class AllocationTest : public ::testing::Test, public ServingFixture {
 protected:
  AllocationTest() {
    options.posted_requests = 1;  // one that were lost would be missed
    options.on_error = [this](const rpc::ServerError& error) {
      if (error.during == std::string_view("accepting")) ++not_accepted_;
      if (error.during == std::string_view("observing")) ++not_observed_;
    };
    get_user = [this](ServerCall& call, const GetUserRequest&,
                      GetUserResponse*) {
      Arm();
      return Answer(call);
    };
    stream = [this](ServerCall& call, const StreamRequest&,
                    StreamWriter& writer) {
      Arm();
      return WriteThree(call, writer);
    };
  }

  // Has the nth allocation from now on fail, on the loop's thread.
  void Arm() {
    if (const int n = fail_.exchange(0)) FailAllocation(n);
  }

  Task<grpc::Status> Answer(ServerCall& call) {
    call.AddLogField("note", std::string(kWords));
    async::SleepUntil sleep =
        async::SleepFor(call.loop(), 1ms, call.stop_token());
    (void)co_await sleep;
    co_return answer_;
  }

  Task<grpc::Status> WriteThree(ServerCall& call, StreamWriter& writer) {
    for (int i = 0; i < 3; ++i) {
      async::SleepUntil sleep =
          async::SleepFor(call.loop(), 1ms, call.stop_token());
      (void)co_await sleep;
      const bool sent = co_await writer.Write(StreamResponse());
      if (!sent) break;
    }
    co_return answer_;
  }

  StatusCode GetUserCode() { return GetUser(kPatience).error_code(); }

  StatusCode StreamCode() {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    const auto reader = streams().StreamOverview(&context, {});
    StreamResponse message;
    while (reader->Read(&message)) continue;
    return reader->Finish().error_code();
  }

  // Calls until each allocation of a call, and of the next ones, has failed
  // once. All but the calls that it hits get `answer`, and so does the next.
  // CANCELLED is what gRPC makes of an answer that there is no memory to send.
  void FailEach(const grpc::Status& answer,
                const std::function<StatusCode()>& call) {
    answer_ = answer;
    Start();
    int calls = 0;
    for (int n = 1; n <= kAllocations; ++n) {
      SCOPED_TRACE(n);
      const int before = FailedAllocations();
      fail_ = n;
      for (int i = 0; i < n && FailedAllocations() == before; ++i, ++calls) {
        const StatusCode code = call();
        EXPECT_TRUE(code == answer.error_code() ||
                    code == StatusCode::INTERNAL ||
                    code == StatusCode::CANCELLED)
            << code;
      }
      ASSERT_EQ(FailedAllocations(), before + 1);
      EXPECT_EQ(call(), answer.error_code()) << LastFailedAllocation();
      ++calls;
    }
    EXPECT_GT(not_accepted_, 0);
    const Clock::time_point start = Clock::now();
    server().Drain(start + kPatience);
    EXPECT_LT(Clock::now() - start, kPatience / 2);
    EXPECT_EQ(server().stats().in_flight, 0);
    EXPECT_EQ(ends.counter().count() + not_observed_, calls);
  }

  std::atomic<int> not_observed_ = 0;

 private:
  grpc::Status answer_;
  std::atomic<int> fail_ = 0;
  std::atomic<int> not_accepted_ = 0;
};

TEST_F(AllocationTest, UnaryCallsEnd) {
  FailEach(grpc::Status::OK, [this] { return GetUserCode(); });
}

TEST_F(AllocationTest, UnaryCallsThatFailEnd) {
  FailEach({StatusCode::NOT_FOUND, kWords}, [this] { return GetUserCode(); });
  EXPECT_GT(not_observed_, 0);
  // Of those whose answer could not be sent.
  EXPECT_GT(Handled(StatusCode::INTERNAL), 0);
  EXPECT_EQ(Handled(StatusCode::CANCELLED), 0);
}

TEST_F(AllocationTest, StreamsEnd) {
  FailEach(grpc::Status::OK, [this] { return StreamCode(); });
}

TEST_F(AllocationTest, StreamsThatFailEnd) {
  FailEach({StatusCode::NOT_FOUND, kWords}, [this] { return StreamCode(); });
}

TEST(ServerAllocationTest, StartFailsOrSucceedsAndLeavesNothing) {
  int n = 0;
  int before = 0;
  do {
    before = FailedAllocations();
    user::v1::UserService::AsyncService service;
    rpc::ServerOptions options;
    options.event_loops = 2;
    options.posted_requests = 1;
    rpc::Server server(options);
    server.AddUnary("gather.user.v1.UserService/GetUser", service,
                    &user::v1::UserService::AsyncService::RequestGetUser,
                    [](ServerCall&, const auto&, auto*) -> Task<grpc::Status> {
                      co_return grpc::Status::OK;
                    });
    FailAllocation(++n);
    try {
      (void)server.Start();
    } catch (const std::bad_alloc&) {
    }
    FailAllocation(0);
    server.Drain(Clock::now() + kPatience);
  } while (FailedAllocations() > before);
  EXPECT_GT(n, 20);
}

}  // namespace gather::testing
