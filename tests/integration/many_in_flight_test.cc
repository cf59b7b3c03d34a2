// Thousands of calls wait on one thread, and none is mixed up with another.

#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/aggregator_fixture.h"
#include "tests/support/replies.h"

namespace gather::testing {
namespace {

#ifdef __SANITIZE_THREAD__
// It spends its time on reports about gRPC's library, only to suppress them.
constexpr int kCalls = 300;
#else
constexpr int kCalls = 2000;
#endif
// Each with a connection of its own, which takes 1,000 calls.
constexpr int kChannels = 4;

struct ClientCall {
  std::string user_id;
  grpc::ClientContext context;
  Overview overview;
  std::unique_ptr<
      grpc::ClientAsyncResponseReader<aggregator::v1::GetOverviewResponse>>
      reader;
};

class ManyInFlightTest : public ::testing::Test {
 protected:
  ~ManyInFlightTest() override {
    for (const auto& call : calls_) call->context.TryCancel();
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  void StartCalls() {
    for (int i = 0; i < kChannels; ++i) {
      stubs_.push_back(
          aggregator::v1::AggregatorService::NewStub(fixture_.NewChannel()));
    }
    for (int i = 0; i < kCalls; ++i) {
      auto call = std::make_unique<ClientCall>();
      call->user_id = "u-" + std::to_string(i);
      call->reader = stubs_[i % kChannels]->AsyncGetOverview(
          &call->context, RequestFor(call->user_id), &queue_);
      call->reader->Finish(&call->overview.response, &call->overview.status,
                           call.get());
      calls_.push_back(std::move(call));
    }
  }

  // The next call that has ended; null where none did.
  const ClientCall* AwaitOne() {
    void* tag = nullptr;
    bool ok = false;
    const auto end = std::chrono::system_clock::now() + kPatience;
    if (queue_.AsyncNext(&tag, &ok, end) != grpc::CompletionQueue::GOT_EVENT) {
      return nullptr;
    }
    return static_cast<const ClientCall*>(tag);
  }

  AggregatorFixture fixture_;
  grpc::CompletionQueue queue_;
  std::vector<std::unique_ptr<aggregator::v1::AggregatorService::Stub>> stubs_;
  std::vector<std::unique_ptr<ClientCall>> calls_;
};

TEST_F(ManyInFlightTest, EveryOneIsAnsweredRight) {
  Gate gate;
  for (FakeBackend* backend :
       {&fixture_.user, &fixture_.orders, &fixture_.products}) {
    backend->SetScript({AnswerRight(&gate)});
  }
  StartCalls();
  ASSERT_TRUE(fixture_.user.calls().WaitFor(kCalls));
  ASSERT_TRUE(fixture_.orders.calls().WaitFor(kCalls));
  ASSERT_TRUE(fixture_.products.calls().WaitFor(kCalls));
  EXPECT_EQ(fixture_.server().admission().in_flight(), kCalls);

  gate.Open();
  for (int i = 0; i < kCalls; ++i) {
    const ClientCall* call = AwaitOne();
    ASSERT_NE(call, nullptr) << i << " calls have ended";
    ASSERT_TRUE(call->overview.status.ok())
        << call->overview.status.error_message();
    EXPECT_TRUE(IsWhole(call->overview.response, call->user_id));
  }
}

}  // namespace
}  // namespace gather::testing
