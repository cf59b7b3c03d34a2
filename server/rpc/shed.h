#ifndef GATHER_SERVER_RPC_SHED_H_
#define GATHER_SERVER_RPC_SHED_H_

#include <chrono>
#include <cstdint>

#include "server/async/clock.h"

namespace gather::rpc {

struct ShedSettings {
  // Where off, all are admitted.
  bool enabled = true;
  // A lag up to this is none: about what some 300 callers make who each ask
  // again as soon as they are answered.
  async::Clock::duration target = std::chrono::milliseconds(20);
  // While overload lasts, how often what is let wait is halved. And how long a
  // loop has been busy without a break when it is saturated: at nine tenths of
  // its capacity it hardly ever is.
  async::Clock::duration interval = std::chrono::milliseconds(100);
  // How long the lag may be above the target before overload is more than a
  // burst that is worked off: until then only those are refused that can't be
  // served in time.
  async::Clock::duration patience = std::chrono::seconds(2);
  // Overload is over when nobody had to be refused for so long.
  async::Clock::duration calm = std::chrono::milliseconds(500);
  // How often a request waits in the loop's queue until it is answered: to be
  // taken in, for its backends' replies, and to be finished.
  int passes = 3;
  // What a request takes besides: its backends' time.
  async::Clock::duration margin = std::chrono::milliseconds(50);
};

// How busy a loop is.
struct LoopLoad {
  // How long what comes now waits for the loop: by how much a timer came late
  // that went through the loop's queue.
  async::Clock::duration lag{};
  // How long it is since the loop had nothing to do; zero where nobody knows.
  async::Clock::duration busy{};
};

// Refuses requests that a loop is too busy for, as soon as they come, so that
// those it takes are answered in time: a served request that is late has cost
// as much as one in time, and is worth nothing.
//
//   if (!shed.Admit(now, load, left)) return Refuse();  // RESOURCE_EXHAUSTED
//
// where `left` is the time until the request's deadline. It is admitted if
//
//   lag <= target and busy <= interval, or
//   passes * lag + margin <= left        else it can't be served in time
//     and lag <= target, or passes * lag <= left / 2^n
//
// where n is 0 as long as it may be a burst, which is until the time spent
// above the target, less that below it, exceeds `patience`; and from then on
// grows by one every interval, until nobody was refused for `calm`.
//
// Why not a limit on requests in flight: how many are right depends on how slow
// the backends are. Why the lag and not the load of the CPU: a loop may be late
// on a machine that is idle, and in time on one that is full.
//
// Hazard: a timer sees only what waits in the queue. Requests that gRPC has not
// been asked for wait in a list of its own, however many they are, and the lag
// stays small. Their deadlines tell: what has waited there for too long is
// refused in a loop that is saturated, and the rest is still answered in time,
// if only just. To keep answers quick under overload as well, as many requests
// have to be posted as arrive in several times the target
// (tests/simulation/shed_test.cc): 1024 for 20 ms.
//
// Sources: CoDel (RFC 8289): the delay that stays is what tells a queue that is
// bad from a burst, and the longer it stays, the stricter; Facebook's CoDel for
// servers (Maurer, "Fail at Scale", ACM Queue 2015), which goes by when the
// queue was last empty.
//
// Thread: one, the loop's.
class Shed {
 public:
  explicit Shed(const ShedSettings& settings) : settings_(settings) {}

  // Whether to serve a request that has arrived.
  bool Admit(async::Clock::time_point now, const LoopLoad& load,
             async::Clock::duration left);

  // Whether the lag has stayed for longer than a burst.
  bool overloaded() const { return halvings_ > 0; }
  // Requests refused so far.
  uint64_t refused() const { return refused_; }

 private:
  void Observe(async::Clock::time_point now, async::Clock::duration lag);
  bool IsInTime(const LoopLoad& load, async::Clock::duration left) const;

  const ShedSettings settings_;
  uint64_t refused_ = 0;
  async::Clock::time_point last_;  // that a request came
  async::Clock::time_point last_refusal_;
  async::Clock::time_point next_halving_;
  async::Clock::duration above_{};  // the target: time spent so, less the rest
  int halvings_ = 0;                // n
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_SHED_H_
