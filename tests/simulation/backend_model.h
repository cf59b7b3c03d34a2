#ifndef GATHER_TESTS_SIMULATION_BACKEND_MODEL_H_
#define GATHER_TESTS_SIMULATION_BACKEND_MODEL_H_

#include <chrono>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/async/clock.h"
#include "tests/simulation/event_queue.h"

namespace gather::simulation {

using Random = std::mt19937_64;

// How long a backend takes: a log-normal spread around the median, and for some
// calls something else altogether.
struct Latency {
  Clock::duration median = std::chrono::milliseconds(5);
  double sigma = 0.2;
  double slow_share = 0;
  Clock::duration slow{};

  Clock::duration Draw(Random& random) const;
};

// What a backend does from some time on.
struct Phase {
  enum class Kind {
    kServe,
    kHang,            // nobody gets an answer, ever
    kHangThenAnswer,  // all get it when the phase ends, as after SIGCONT
    kDown,            // UNAVAILABLE at once
  };

  Clock::duration from{};
  Kind kind = Kind::kServe;
  Latency latency = {};
  // The share of attempts that fail, with UNAVAILABLE.
  double failures = 0;
  // Calls that it works on at a time, the others queue; 0 for no limit.
  int workers = 0;
};

using Script = std::vector<Phase>;

// A backend with a script: what is asked of it, it knows the end of.
class BackendModel {
 public:
  // The first phase begins at zero.
  explicit BackendModel(Script script) : script_(std::move(script)) {}

  struct Reply {
    Clock::time_point when;  // time_point::max() for never
    absl::Status status;
  };
  Reply Call(Clock::time_point now, Random& random);

  // Whether no attempt ever fails or hangs.
  bool healthy() const;
  // When the last phase begins.
  Clock::time_point last_change() const;

 private:
  Clock::time_point EndOfWork(const Phase& phase, Clock::time_point now,
                              Random& random);

  const Script script_;
  std::vector<Clock::time_point> free_;  // of each worker
};

}  // namespace gather::simulation

#endif  // GATHER_TESTS_SIMULATION_BACKEND_MODEL_H_
