// The client goes away: every branch is cancelled, and the backends see it.

#include <grpcpp/create_channel_posix.h>
#include <gtest/gtest.h>

#include "tests/support/aggregator_fixture.h"
#include "tests/support/replies.h"
#include "tests/support/socket.h"

namespace gather::testing {
namespace {

class CancelTest : public ::testing::Test {
 protected:
  CancelTest() {
    for (FakeBackend* backend : backends_) backend->SetScript({NeverAnswer()});
  }

  void AwaitCalls() {
    for (const FakeBackend* backend : backends_) {
      ASSERT_TRUE(backend->calls().WaitFor(1));
      ASSERT_EQ(backend->cancellations().count(), 0);
    }
  }

  void AwaitCancellations() {
    for (const FakeBackend* backend : backends_) {
      ASSERT_TRUE(backend->cancellations().WaitFor(1));
    }
  }

  void ExpectStillServing() {
    for (FakeBackend* backend : backends_) backend->SetScript({});
    EXPECT_TRUE(IsWhole(fixture_.Get(RequestFor("u-2")).response, "u-2"));
  }

  AggregatorFixture fixture_;

 private:
  FakeBackend* const backends_[3] = {&fixture_.user, &fixture_.orders,
                                     &fixture_.products};
};

TEST_F(CancelTest, ClientThatCancelsCancelsEveryBackend) {
  PendingOverview overview(fixture_.stub(), RequestFor("u-1"));
  ASSERT_NO_FATAL_FAILURE(AwaitCalls());
  overview.Cancel();
  ASSERT_NO_FATAL_FAILURE(AwaitCancellations());
  EXPECT_EQ(overview.Await().status.error_code(), grpc::StatusCode::CANCELLED);
  ExpectStillServing();
}

TEST_F(CancelTest, ConnectionThatBreaksCancelsEveryBackend) {
  const Socket connection = Socket::Connect(fixture_.server().port());
  ASSERT_TRUE(connection);
  const auto stub = aggregator::v1::AggregatorService::NewStub(
      grpc::CreateInsecureChannelFromFd("aggregator", connection.Share()));
  PendingOverview overview(*stub, RequestFor("u-1"));
  ASSERT_NO_FATAL_FAILURE(AwaitCalls());
  connection.Cut();
  ASSERT_NO_FATAL_FAILURE(AwaitCancellations());
  EXPECT_EQ(overview.Await().status.error_code(),
            grpc::StatusCode::UNAVAILABLE);
  ExpectStillServing();
}

}  // namespace
}  // namespace gather::testing
