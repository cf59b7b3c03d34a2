#ifndef GATHER_SERVER_FANOUT_POLICY_STALL_DETECTOR_H_
#define GATHER_SERVER_FANOUT_POLICY_STALL_DETECTOR_H_

#include <atomic>
#include <chrono>
#include <cstdint>

#include "server/async/clock.h"

namespace gather::fanout {

struct StallSettings {
  // So many calls must wait for an answer. Where calls take `factor` times
  // their mean with a chance of at most 1 / factor (Markov's inequality), all
  // of them do so with one of 1 / factor^calls.
  int calls = 20;
  double factor = 3;
  // A silence that is shorter is none: a collection of garbage, a failover.
  async::Clock::duration at_least = std::chrono::milliseconds(750);
  // The silence that is one before any call has been answered, when how long
  // they take is not known; and where callers' deadlines have passed, a wait
  // that counts against any backend. Half of the section's timeout.
  async::Clock::duration unknown = std::chrono::milliseconds(1500);
  // So many that wait are a danger to all that the process does: then
  // `at_least` is enough before the first answer too.
  int crowd = 15'000;
};

// Finds a backend that has stopped to answer before its calls time out: those
// who wait for it pile up at the rate of the calls, for all of the timeout.
//
//   patience = max(at_least, factor * mean latency); before the first answer
//              `unknown`, or at_least where `crowd` wait
//   stalled  = no answer for longer than `patience`, while at least `calls`
//              wait that began since the last one
//
// The silence is measured from the first call that began since the last answer:
// where nobody asks, nobody is silent. It goes by the calls: between two of
// them no more than 100 ms count, so that a process that was itself held up
// (a stopped container, a blocked loop) does not blame its backends.
//
// The mean is exponential, over about the last 100 answers. A backend that
// always takes 2 s has a patience of 6 s: it has to time out to be found.
//
// Thread: any, without locks. Counts may be off by a call or two when threads
// meet.
class StallDetector {
 public:
  explicit StallDetector(const StallSettings& settings) : settings_(settings) {}

  // Which silence a call began in.
  using Silence = uint32_t;

  // A call begins.
  Silence Begin(async::Clock::time_point now);
  // A call would have begun, and is refused: time goes on.
  void Pass(async::Clock::time_point now);

  // Whether the backend has stopped to answer; asked after Begin() or Pass().
  bool stalled() const;

  // A call ended. One without an answer waits no more.
  void Answered(async::Clock::duration latency);
  void Unanswered(Silence begun_in);

  // All is forgotten but how long calls take: that is `latency` at least.
  void Restart(async::Clock::duration latency);

  // How long a call has to have waited before that says something.
  async::Clock::duration FairWait() const;

  // Zero before the first answer.
  async::Clock::duration mean_latency() const {
    return async::Clock::duration(mean_.load(std::memory_order_relaxed));
  }

 private:
  void AddQuiet(async::Clock::time_point now, bool is_first);
  async::Clock::duration Patience() const;
  void EndSilence();

  const StallSettings settings_;
  std::atomic<Silence> silence_{0};
  std::atomic<int> waiting_{0};    // that began in this silence
  std::atomic<int64_t> quiet_{0};  // for how long, in ticks
  std::atomic<int64_t> last_begin_{0};
  std::atomic<int64_t> mean_{0};
  std::atomic<int> answers_{0};  // that the mean is of
};

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_POLICY_STALL_DETECTOR_H_
