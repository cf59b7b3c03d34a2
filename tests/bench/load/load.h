#ifndef GATHER_TESTS_BENCH_LOAD_LOAD_H_
#define GATHER_TESTS_BENCH_LOAD_LOAD_H_

#include <poll.h>

#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <vector>

#include "absl/status/status.h"
#include "server/async/clock.h"
#include "tests/bench/load/address.h"
#include "tests/bench/load/connection.h"
#include "tests/bench/load/process_clock.h"
#include "tests/bench/load/question.h"

namespace gather::bench {

struct LoadOptions {
  int connections = 1;
  // Closed loop: so many calls at a time, each followed by the next.
  int in_flight = 1;
  // Open loop, where not 0: so many calls a second, whether the server keeps
  // up or not. A call's latency counts from when it was due.
  double rate = 0;
  // Of an open loop: what falls due within one of these is due together at its
  // end. 0: each call by itself, which costs both ends a system call for each.
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
  // Of the errors: whose time was up before there was a connection and a stream
  // for them, or before the load came to them. No server has seen them.
  int64_t unsent = 0;
  // From the start of the measured time to its end.
  double seconds = 0;
  double cpu_seconds = 0;       // of the process that is measured
  double load_cpu_seconds = 0;  // of this one
  // Of every call, failed ones too.
  std::vector<async::Clock::duration> latencies;
};

// Calls a server from one thread, and keeps the score.
//
// What is measured: in a closed loop the calls that end, and in an open one
// those that fall due, between the end of the warm-up and the end of all.
// Thread: the one that calls Run().
class Load final : public Connection::Observer {
 public:
  // All but `options` must outlive this. `process` is the one whose CPU time is
  // taken.
  Load(const LoadOptions& options, const Address& address,
       const Question& question, const ProcessClock& process);

  // Returns when the last call that is measured has ended. At most once.
  LoadReport Run();

  void OnEnd(Connection& connection, const Connection::Call& call) override;

 private:
  using Clock = async::Clock;

  void Open();
  void Closed();
  // When the `call`th call of an open loop falls due, from 0.
  Clock::time_point Due(Clock::time_point start, int64_t call) const;
  void Begin(Connection& connection, Clock::time_point due,
             bool measured = false);
  // Until all calls have ended.
  void Drain();
  // Lets the connections do what there is to do, once.
  void Step(Clock::time_point wake);
  void Write();
  // Until one has something to read or to write, or `wake`; then reads.
  void Await(Clock::time_point wake);
  void StartMeasuring();
  void StopMeasuring();

  const LoadOptions options_;
  const Question& question_;
  const ProcessClock& process_;
  const ProcessClock own_;
  std::list<Connection> connections_;
  std::vector<pollfd> polled_;
  LoadReport report_;
  int64_t started_ = 0;
  int64_t running_ = 0;
  bool again_ = false;  // a call that ends is followed by the next
  bool measuring_ = false;
  Clock::time_point begin_;
  std::chrono::nanoseconds cpu_begin_{};
  std::chrono::nanoseconds own_begin_{};
};

}  // namespace gather::bench

#endif  // GATHER_TESTS_BENCH_LOAD_LOAD_H_
