#ifndef GATHER_SERVER_FANOUT_POLICY_CIRCUIT_BREAKER_H_
#define GATHER_SERVER_FANOUT_POLICY_CIRCUIT_BREAKER_H_

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <random>

#include "server/async/clock.h"
#include "server/fanout/policy/call_result.h"
#include "server/fanout/policy/failure_window.h"
#include "server/fanout/policy/stall_detector.h"

namespace gather::fanout {

struct CircuitBreakerSettings {
  // Where off, it stays closed, and counts all the same.
  bool enabled = true;
  // It opens when this share of the calls of a window failed: half, as Hystrix
  // has it. Retries are inside of a call: of a backend that fails every second
  // attempt, seven of eight calls come.
  int failure_percent = 50;
  async::Clock::duration window = std::chrono::seconds(2);
  // With fewer calls in the window a share means nothing.
  int minimum_calls = 20;
  // How long it stays open, the first time and at most: each probe that fails
  // doubles it, and a random share, from half to all of it, is waited. A probe
  // costs a dead backend next to nothing, and what lies between two of them is
  // lost to one that has recovered.
  async::Clock::duration open_min = std::chrono::milliseconds(100);
  async::Clock::duration open_max = std::chrono::milliseconds(500);
  // A probe that has not ended is given up after this, and another is due.
  async::Clock::duration probe_timeout = std::chrono::milliseconds(500);
  StallSettings stall = {};
};

// Stops calling a backend that fails, so that its section fails at once and the
// backend gets the time to recover.
//
//   const CircuitBreaker::Pass pass = breaker.Ask(now);
//   if (!pass.allowed) return Refused();
//   ... the call, with its retries ...
//   breaker.Tell(pass, result, now);   // once for each that was allowed
//
// Closed: all pass. It opens when calls >= minimum_calls and failures >=
// failure_percent of them within the window, or when the backend has stalled
// (stall_detector.h): a backend that hangs makes failures only after its
// section's timeout.
// Open: none pass, until the back-off is over. Then the next call that asks is
// a probe, and the breaker half-open.
// Half-open: one probe is out, no other passes. Its success closes; its
// failure, or no end within probe_timeout, opens for twice as long. One that
// was cancelled says nothing: the next call that asks takes its place.
//
// A probe that was given up and succeeds all the same closes it too: so a
// backend that has become slow comes back. And where it opened for a stall, the
// success of a call that passed before says that there was none, and counts as
// a probe's. Any other result of a call that passed before the breaker last
// opened or closed counts for nothing.
//
// A timeout counts only where the call had waited for a fair time: a caller
// with a deadline of 10 ms can't open it for the others.
//
// Sources: Nygard, "Release It!"; Hystrix (share of a rolling window, single
// probe); Polly (half-open); resilience4j (calls that are slow count before
// they fail).
//
// Thread: any. While closed, Ask() and Tell() take no lock.
class CircuitBreaker {
 public:
  enum class State : uint8_t { kClosed, kOpen, kHalfOpen };
  enum class Cause : uint8_t {
    kFailures,        // closed -> open
    kStall,           // closed -> open
    kBackoffOver,     // open -> half-open
    kProbeFailed,     // half-open -> open
    kProbeTimeout,    // half-open -> open
    kProbeCancelled,  // half-open -> open, and the next probe is due
    kSuccess,         // open -> half-open, half-open -> closed
  };
  static constexpr std::size_t kCauses = 7;

  struct Transition {
    State from;
    State to;
    Cause cause;
    async::Clock::time_point when;
  };
  // Told of each transition, in their order, by the thread that makes it. Must
  // be quick, and not use the breaker.
  using Listener = std::function<void(const Transition&)>;

  // What Ask() says; goes back to Tell() as it is.
  struct Pass {
    bool allowed = false;
    bool probe = false;
    uint32_t period = 0;  // how often it had opened or closed
    uint32_t probe_number = 0;
    StallDetector::Silence silence = 0;
    async::Clock::time_point since;
  };

  // `seed` is for the jitter of the back-off: any that differs between
  // processes. `listener` may be null.
  explicit CircuitBreaker(const CircuitBreakerSettings& settings,
                          uint32_t seed = 1, Listener listener = nullptr);
  CircuitBreaker(const CircuitBreaker&) = delete;
  CircuitBreaker& operator=(const CircuitBreaker&) = delete;

  Pass Ask(async::Clock::time_point now);
  // For a call that something else refuses, such as a limit in full use: it may
  // pass only as a probe. Without this, calls that hang and fill the limit
  // would keep the breaker from seeing that they do, and that they no longer
  // need to.
  Pass AskForProbe(async::Clock::time_point now);
  void Tell(const Pass& pass, CallResult result, async::Clock::time_point now);

  State state() const { return state_.load(std::memory_order_acquire); }
  // Whether it has neither opened nor closed since the call passed, and the
  // call is no probe: then the call is one of many.
  bool IsCurrent(const Pass& pass) const {
    return !pass.probe &&
           pass.period == period_.load(std::memory_order_relaxed);
  }
  // Whether a call that has waited for so long without an answer says anything
  // against the backend.
  bool IsFairWait(async::Clock::duration waited) const {
    return waited >= stall_.FairWait();
  }

  // Transitions by cause, so far.
  uint64_t transitions(Cause cause) const {
    return transitions_[static_cast<std::size_t>(cause)].load(
        std::memory_order_relaxed);
  }
  // Calls refused so far.
  uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }

 private:
  Pass AllowClosed(async::Clock::time_point now);
  bool OpenIfStalled(uint32_t period, async::Clock::time_point now);
  Pass AskSlow(bool only_probe, async::Clock::time_point now);
  Pass Refuse();
  void TellClosed(const Pass& pass, CallResult result,
                  async::Clock::time_point now);
  void TellSlow(const Pass& pass, CallResult result,
                async::Clock::time_point now);
  void OnProbeEnd(const Pass& pass, CallResult result,
                  async::Clock::time_point now);
  void OpenIf(uint32_t period, Cause cause, async::Clock::time_point now);

  // With mutex_ held.
  void Reopen(Cause cause, async::Clock::time_point since,
              async::Clock::time_point now);
  void Close(async::Clock::duration latency, async::Clock::time_point now);
  void Enter(State state, Cause cause, async::Clock::time_point now);
  async::Clock::duration Jittered(async::Clock::duration backoff);

  const CircuitBreakerSettings settings_;
  const Listener listener_;
  std::atomic<State> state_{State::kClosed};
  std::atomic<uint32_t> period_{0};
  FailureWindow failures_;
  StallDetector stall_;
  std::array<std::atomic<uint64_t>, kCauses> transitions_{};
  std::atomic<uint64_t> refused_{0};

  std::mutex mutex_;  // guards transitions, and what follows
  std::minstd_rand random_;
  Cause opened_for_ = Cause::kFailures;
  async::Clock::duration backoff_;
  async::Clock::time_point open_until_;
  async::Clock::time_point probe_since_;
  async::Clock::time_point calm_from_;  // opening after it is a new outage
  uint32_t probe_number_ = 0;
};

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_POLICY_CIRCUIT_BREAKER_H_
