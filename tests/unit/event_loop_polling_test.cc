// A loop that always has something to do looks after its sockets all the same.

#include <grpcpp/alarm.h>
#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "server/async/clock.h"
#include "server/async/completion.h"
#include "server/async/event_loop.h"
#include "server/async/operation.h"
#include "server/async/task.h"
#include "tests/support/socket.h"

namespace gather::async {
namespace {

using namespace std::chrono_literals;

// Queues itself again whenever its turn comes: with two of them, the queue
// never runs dry.
class Busy final : public Completion {
 public:
  explicit Busy(EventLoop& loop) : loop_(loop) { Queue(); }
  void Stop() { stop_ = true; }
  bool stopped() const { return stopped_; }

 private:
  void Queue() {
    alarm_ = std::make_unique<grpc::Alarm>();
    alarm_->Set(loop_.queue(), gpr_time_0(GPR_CLOCK_MONOTONIC), tag());
  }
  void Complete(bool) override {
    if (stop_) {
      stopped_ = true;
    } else {
      Queue();
    }
  }

  EventLoop& loop_;
  std::unique_ptr<grpc::Alarm> alarm_;
  bool stop_ = false;
  bool stopped_ = false;
};

struct AwaitChange {
  void operator()(void* tag) const {
    // Shorter than gRPC's own help for channels that nobody polls: 5 s.
    channel->NotifyOnStateChange(state, std::chrono::system_clock::now() + 3s,
                                 loop->queue(), tag);
  }
  grpc::Channel* channel;
  grpc_connectivity_state state;
  EventLoop* loop;
};

Task<bool> SeesThatNobodyListens(EventLoop& loop, grpc::Channel& channel) {
  Busy one(loop);
  Busy two(loop);
  grpc_connectivity_state state = channel.GetState(/*try_to_connect=*/true);
  bool in_time = true;
  while (in_time && state != GRPC_CHANNEL_TRANSIENT_FAILURE) {
    Operation<AwaitChange> change(loop, {&channel, state, &loop});
    in_time = co_await change;
    state = channel.GetState(false);
  }
  one.Stop();
  two.Stop();
  while (!one.stopped() || !two.stopped()) co_await loop.Yield();
  co_return in_time;
}

TEST(EventLoopPollingTest, SocketsGetTheirTurnWhileWorkIsQueued) {
  const testing::Socket nobody = testing::Socket::Reserve();
  EventLoop loop;
  const auto channel =
      grpc::CreateChannel("127.0.0.1:" + std::to_string(nobody.port()),
                          grpc::InsecureChannelCredentials());
  EXPECT_TRUE(loop.RunUntilComplete(SeesThatNobodyListens(loop, *channel)));
}

}  // namespace
}  // namespace gather::async
