// Calls of methods that the server does not have are calls like any others:
// limited, counted, and told of.

#include "server/rpc/unknown_method.h"

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/async/clock.h"
#include "server/async/timer.h"
#include "tests/support/serving_fixture.h"

namespace gather::testing {
namespace {

using async::Clock;
using async::Task;
using grpc::StatusCode;
using rpc::ServerCall;

class UnknownMethodTest : public ::testing::Test, public ServingFixture {
 protected:
  grpc::Status CallUnknown(const std::string& path) {
    const auto channel =
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", server().port()),
                            grpc::InsecureChannelCredentials());
    grpc::GenericStub stub(channel);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    const grpc::Slice empty;
    grpc::ByteBuffer request(&empty, 1);
    grpc::ByteBuffer response;
    grpc::Status status;
    Gate done;
    stub.UnaryCall(&context, path, {}, &request, &response,
                   [&](grpc::Status ended) {
                     status = std::move(ended);
                     done.Open();
                   });
    EXPECT_TRUE(done.Wait());
    return status;
  }

  Task<grpc::Status> HangUntilStopped(ServerCall& call) {
    begun.Add();
    async::SleepUntil stopped(call.loop(), Clock::time_point::max(),
                              call.stop_token());
    (void)co_await stopped;
    co_return grpc::Status::OK;
  }
};

TEST_F(UnknownMethodTest, IsUnimplemented) {
  Start();
  EXPECT_EQ(CallUnknown("/a.B/C").error_code(), StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(CallUnknown("/gather.user.v1.UserService/Nothing").error_code(),
            StatusCode::UNIMPLEMENTED);
  EXPECT_TRUE(GetUser(kPatience).ok());
}

TEST_F(UnknownMethodTest, AllOfThemAreOneMethodInStatistics) {
  Start();
  CallUnknown("/a.B/C");
  CallUnknown("/d.E/F");
  ASSERT_TRUE(ends.counter().WaitFor(2));
  const rpc::ServerStats stats = server().stats();
  ASSERT_EQ(stats.methods.size(), 3U);
  EXPECT_STREQ(stats.methods.back().name, "unknown/unknown");
  EXPECT_EQ(stats.methods.back().calls.handled[StatusCode::UNIMPLEMENTED], 2U);
}

TEST_F(UnknownMethodTest, IsLimitedByWhatIsInFlight) {
  options.max_inflight = 1;
  get_user = [this](ServerCall& call, const GetUserRequest&, GetUserResponse*) {
    return HangUntilStopped(call);
  };
  Start();
  PendingGetUser held(*this);
  ASSERT_TRUE(begun.WaitFor(1));
  EXPECT_EQ(CallUnknown("/a.B/C").error_code(), StatusCode::RESOURCE_EXHAUSTED);
}

}  // namespace
}  // namespace gather::testing
