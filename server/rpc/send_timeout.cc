#include "server/rpc/send_timeout.h"

#include "absl/status/status.h"
#include "server/async/timer.h"

namespace gather::rpc {

async::Task<> SendTimeout::Enforce(async::EventLoop& loop,
                                   std::stop_token stop) {
  while (true) {
    async::SleepUntil sleep = async::SleepFor(loop, limit_ / 4, stop);
    const absl::Status slept = co_await sleep;
    if (!slept.ok()) co_return;
    EndLateCalls(async::Clock::now());
  }
}

void SendTimeout::EndLateCalls(async::Clock::time_point now) {
  while (!sending_.empty() && now - sending_.front().since_ >= limit_) {
    ServerCall& call = sending_.PopFront().call_;
    call.Stop(StopCause::kSendTimeout);
    // Nothing less has gRPC give up the message.
    call.context().TryCancel();
  }
}

}  // namespace gather::rpc
