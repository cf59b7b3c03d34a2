#include "server/backends/faults.h"

#include <algorithm>

#include "server/async/clock.h"
#include "server/async/timer.h"

namespace gather::backends {

using async::Clock;

async::Task<absl::Status> FaultInjector::Apply(rpc::ServerCall& call) {
  if (Roll(faults_.hang_rate)) {
    co_await async::SleepUntil(call.loop(), Clock::time_point::max(),
                               call.stop_token());
    co_return absl::CancelledError("hung until it was cancelled");
  }
  const std::chrono::nanoseconds latency = NextLatency();
  if (latency > std::chrono::nanoseconds::zero()) {
    const absl::Status slept =
        co_await async::SleepFor(call.loop(), latency, call.stop_token());
    if (!slept.ok()) co_return slept;
  }
  if (Roll(faults_.error_rate)) {
    co_return absl::Status(faults_.error_code, "a fault to order");
  }
  co_return absl::OkStatus();
}

bool FaultInjector::Roll(double rate) {
  return rate > 0 && std::bernoulli_distribution(rate)(random_);
}

std::chrono::nanoseconds FaultInjector::NextLatency() {
  const bool slow =
      faults_.slow_every > 0 && ++calls_ % faults_.slow_every == 0;
  const std::chrono::nanoseconds latency =
      slow ? faults_.latency + faults_.slow_latency : faults_.latency;
  if (faults_.jitter == std::chrono::nanoseconds::zero()) return latency;
  const std::chrono::nanoseconds jitter(
      std::uniform_int_distribution<std::chrono::nanoseconds::rep>(
          -faults_.jitter.count(), faults_.jitter.count())(random_));
  return std::max(std::chrono::nanoseconds::zero(), latency + jitter);
}

}  // namespace gather::backends
