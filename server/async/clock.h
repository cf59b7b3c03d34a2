#ifndef GATHER_SERVER_ASYNC_CLOCK_H_
#define GATHER_SERVER_ASYNC_CLOCK_H_

#include <grpc/support/time.h>
#include <time.h>

#include <chrono>

namespace gather::async {

// The clock of timers and deadlines: monotonic, so that setting the machine's
// time moves none of them.
using Clock = std::chrono::steady_clock;

// For gRPC. Clock and GPR_CLOCK_MONOTONIC both read CLOCK_MONOTONIC on Linux,
// but their epochs are not promised to agree: the way goes by what is left.
inline gpr_timespec ToTimespec(Clock::time_point when) {
  if (when == Clock::time_point::max()) {
    return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  }
  const auto left =
      std::chrono::duration_cast<std::chrono::nanoseconds>(when - Clock::now());
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_nanos(left.count(), GPR_TIMESPAN));
}

// From gRPC; time_point::max() for no deadline.
inline Clock::time_point FromTimespec(gpr_timespec when) {
  const gpr_timespec monotonic =
      gpr_convert_clock_type(when, GPR_CLOCK_MONOTONIC);
  const gpr_timespec left =
      gpr_time_sub(monotonic, gpr_now(GPR_CLOCK_MONOTONIC));
  // Nanoseconds in 64 bits overflow after 292 years.
  constexpr int64_t kForeverSeconds = int64_t{100} * 365 * 24 * 3600;
  if (left.tv_sec > kForeverSeconds) return Clock::time_point::max();
  if (left.tv_sec < -kForeverSeconds) return Clock::time_point::min();
  return Clock::now() + std::chrono::seconds(left.tv_sec) +
         std::chrono::nanoseconds(left.tv_nsec);
}

// What the calling thread has had of a CPU: it may have waited for it as long
// again.
inline Clock::duration ThreadCpuTime() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) +
         std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace gather::async

#endif  // GATHER_SERVER_ASYNC_CLOCK_H_
