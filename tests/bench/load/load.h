#ifndef GATHER_TESTS_BENCH_LOAD_LOAD_H_
#define GATHER_TESTS_BENCH_LOAD_LOAD_H_

#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/async/blocking_pool.h"
#include "server/async/clock.h"
#include "server/async/event_loop.h"
#include "server/async/task.h"
#include "server/async/task_scope.h"
#include "tests/bench/load/asker.h"
#include "tests/bench/load/process_clock.h"

namespace gather::bench {

struct LoadOptions {
  // Closed loop: so many calls at a time, each followed by the next.
  int in_flight = 1;
  // Open loop, where not 0: so many calls a second, whether the server keeps
  // up or not. A call's latency counts from when it was due.
  double rate = 0;
  // Of an open loop: what falls due within one of these, whole milliseconds, is
  // due together at its end. 0: each call by itself, which takes a second
  // thread, and so more CPU time than to make the call.
  async::Clock::duration tick{};
  // Where not 0: so many calls in all, each measured. Else by time.
  int64_t calls = 0;
  async::Clock::duration warm_up{};
  async::Clock::duration duration{};
  async::Clock::duration timeout = std::chrono::seconds(5);
};

struct LoadReport {
  int64_t calls = 0;
  int64_t wrong = 0;
  std::map<absl::StatusCode, int64_t> errors;
  // From the start of the measured time to its end.
  double seconds = 0;
  double cpu_seconds = 0;
  // Of every call, failed ones too.
  std::vector<async::Clock::duration> latencies;
};

// Calls a server from one thread, and keeps the score.
//
// What is measured: in a closed loop the calls that end, and in an open one
// those that fall due, between the end of the warm-up and the end of all.
// Thread: the one that calls Run().
class Load {
 public:
  // `connections` and `process`, whose CPU time is taken, must outlive this.
  Load(const LoadOptions& options,
       const std::vector<std::unique_ptr<Asker>>& connections,
       const ProcessClock& process)
      : options_(options), connections_(connections), process_(process) {}

  // Returns when the last call has ended. At most once.
  LoadReport Run();

 private:
  using Clock = async::Clock;

  async::Task<> Drive();
  async::Task<> Connect();
  async::Task<> Closed();
  async::Task<> Worker(Asker& connection);
  async::Task<> Open();
  // When the `call`th call of an open loop falls due, from 0.
  Clock::time_point Due(Clock::time_point start, int64_t call) const;
  async::Task<> SleepTo(Clock::time_point due);
  async::Task<> Late(Asker& connection, Clock::time_point due);
  async::Task<> Watch();
  void Begin();
  void End();
  void Record(Clock::time_point due, const absl::StatusOr<bool>& outcome);

  const LoadOptions options_;
  const std::vector<std::unique_ptr<Asker>>& connections_;
  const ProcessClock& process_;
  LoadReport report_;
  int64_t started_ = 0;
  bool measuring_ = false;
  bool over_ = false;
  std::stop_source stop_;  // of a closed loop's calls that nobody counts
  Clock::time_point begin_;
  std::chrono::nanoseconds cpu_begin_{};
  // Sleeps until a call is due by itself: gRPC's own timers have whole
  // milliseconds.
  async::BlockingPool sleeper_{{.threads = 1, .max_queued = 1}};
  async::TaskScope calls_;  // of the open loop
  async::EventLoop loop_;
};

}  // namespace gather::bench

#endif  // GATHER_TESTS_BENCH_LOAD_LOAD_H_
