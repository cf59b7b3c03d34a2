#include "server/async/lag.h"

#include <algorithm>

#include "absl/status/status.h"
#include "server/async/timer.h"

namespace gather::async {

void Lateness::Add(Clock::time_point now) {
  const Clock::duration late = now - due_;
  due_ = Clock::time_point::max();
  if (late < kWorthKeeping) return;
  measures_[oldest_] = {now, late};
  oldest_ = (oldest_ + 1) % measures_.size();
}

Clock::duration Lateness::Longest(Clock::time_point since,
                                  Clock::time_point now) const {
  // What came into being only then has waited no longer than it is there.
  Clock::duration longest{};
  if (now > due_) longest = now - std::max(due_, since);
  for (const Measure& measure : measures_) {
    if (measure.came <= since) continue;
    longest = std::max(longest, std::min(measure.late, measure.came - since));
  }
  return longest;
}

Task<> MeasureLag(EventLoop& loop, Lateness& lateness, Clock::duration period,
                  std::function<void(Clock::duration)> on_measure,
                  std::stop_token stop) {
  while (true) {
    const Clock::time_point due = Clock::now() + period;
    lateness.Expect(due);
    SleepUntil sleep(loop, due, stop);
    const absl::Status slept = co_await sleep;
    if (!slept.ok()) {
      lateness.Expect(Clock::time_point::max());
      co_return;
    }
    const Clock::time_point now = Clock::now();
    lateness.Add(now);
    on_measure(now - due);
  }
}

}  // namespace gather::async
