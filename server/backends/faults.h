#ifndef GATHER_SERVER_BACKENDS_FAULTS_H_
#define GATHER_SERVER_BACKENDS_FAULTS_H_

#include <chrono>
#include <cstdint>
#include <random>

#include "absl/status/status.h"
#include "server/async/task.h"
#include "server/rpc/server_call.h"

namespace gather::backends {

// What goes wrong, and how often.
struct Faults {
  // Every answer takes so long, give or take `jitter`.
  std::chrono::nanoseconds latency{0};
  std::chrono::nanoseconds jitter{0};
  // One call in so many, on each loop, takes that much longer; 0 is none. By
  // count, so that a tail of that length is there however few calls there are.
  int64_t slow_every = 0;
  std::chrono::nanoseconds slow_latency{0};
  // The share of calls, from 0 to 1, that fail, after their latency, and with
  // what.
  double error_rate = 0;
  absl::StatusCode error_code = absl::StatusCode::kInternal;
  // The share of calls, from 0 to 1, that are never answered.
  double hang_rate = 0;
};

// Makes calls slow, fail and hang. One a loop: its dice are not shared.
class FaultInjector {
 public:
  FaultInjector(const Faults& faults, unsigned seed)
      : faults_(faults), random_(seed) {}

  // What a handler awaits before it answers. Not OK where the call is to fail
  // with that. The wait is a timer: thousands of slow calls share a thread.
  async::Task<absl::Status> Apply(rpc::ServerCall& call);

 private:
  bool Roll(double rate);
  std::chrono::nanoseconds NextLatency();

  const Faults faults_;
  std::mt19937 random_;
  int64_t calls_ = 0;
};

}  // namespace gather::backends

#endif  // GATHER_SERVER_BACKENDS_FAULTS_H_
