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
  for (Sending& sending : sendings_) {
    if (now - sending.since < limit_) return;
    if (sending.ended) continue;
    sending.ended = true;
    sending.call.AddErrorLogField("sending",
                                  "given up: the caller takes nothing in");
    sending.call.context().TryCancel();
  }
}

}  // namespace gather::rpc
