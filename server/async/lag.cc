#include "server/async/lag.h"

#include "absl/status/status.h"
#include "server/async/timer.h"

namespace gather::async {

Task<> MeasureLag(EventLoop& loop, Histogram& lag, Clock::duration period,
                  std::stop_token stop) {
  while (true) {
    const Clock::time_point due = Clock::now() + period;
    SleepUntil sleep(loop, due, stop);
    const absl::Status slept = co_await sleep;
    if (!slept.ok()) co_return;
    lag.Add(Clock::now() - due);
  }
}

}  // namespace gather::async
