#ifndef GATHER_TESTS_BENCH_LOAD_PROCESS_CLOCK_H_
#define GATHER_TESTS_BENCH_LOAD_PROCESS_CLOCK_H_

#include <sys/types.h>
#include <time.h>

#include <chrono>

namespace gather::bench {

// The CPU time, user and system, of all threads of a process, those that
// have ended too. To the nanosecond, where /proc/PID/stat has ticks of 10 ms.
class ProcessClock {
 public:
  // 0 is no process: Now() is always zero.
  explicit ProcessClock(pid_t pid)
      : known_(pid != 0 && clock_getcpuclockid(pid, &clock_) == 0) {}

  std::chrono::nanoseconds Now() const {
    timespec now{};
    if (!known_ || clock_gettime(clock_, &now) != 0) return {};
    return std::chrono::seconds(now.tv_sec) +
           std::chrono::nanoseconds(now.tv_nsec);
  }

 private:
  clockid_t clock_{};
  bool known_;
};

}  // namespace gather::bench

#endif  // GATHER_TESTS_BENCH_LOAD_PROCESS_CLOCK_H_
