#ifndef GATHER_SERVER_RPC_SHED_H_
#define GATHER_SERVER_RPC_SHED_H_

#include <chrono>
#include <cstdint>

#include "server/async/clock.h"
#include "server/async/counter.h"

namespace gather::rpc {

struct ShedSettings {
  // Where off, all are admitted.
  bool enabled = true;
  // A queue in which somebody waits for less is no standing one: RFC 8289's.
  async::Clock::duration target = std::chrono::milliseconds(5);
  // Under overload a request may wait for the target, or for this share of its
  // time beyond `standing_from`, whichever is longer.
  double standing_share = 0.2;
  async::Clock::duration standing_from = std::chrono::milliseconds(500);
  // For how long a queue may stand once requests are refused.
  async::Clock::duration burst = std::chrono::milliseconds(20);
  // Overload is over when for this long nobody has waited beyond the target.
  async::Clock::duration calm = std::chrono::milliseconds(500);
  // What a request needs once it has begun: its backends' time.
  async::Clock::duration margin = std::chrono::milliseconds(50);
  // A wait up to this makes no request late, whatever its deadline.
  async::Clock::duration negligible = std::chrono::milliseconds(20);
};

// Refuses requests that a loop can't come to in time, so that those it begins
// are answered in time: a served request that is late has cost as much as one
// in time, and is worth nothing.
//
//   if (!shed.Enter(now, deadline)) return Refuse();  // RESOURCE_EXHAUSTED
//   co_await loop.WhenIdle();  // its place in the queue of those not begun
//   if (!shed.Begin(now, since, deadline)) return Refuse();
//
// With `waited` the time in the queue, on arrival that of the one who left it
// last, and `time` that from the arrival to the deadline, a request is let pass
// if
//
//   waited <= negligible, or waited + margin <= time
//                         else it can't be answered in time
//   and, under overload,
//   waited <= max(target, standing_share * (time - standing_from))
//
// Overload, to a request, is when everyone has waited for longer than the
// target for all of `time`, with nobody let through at once: what is over
// sooner is a burst, which is worked off. Once requests are refused for it, it
// is also what lasts for longer than `burst`, until nobody has waited for as
// long as `calm`: a queue from which many are refused is short now and then.
//
// Under overload the wait is kept short, for three reasons: what is begun at
// the last moment is late by the least trouble; calls that wait take the places
// on their connection from those that wait at the caller's end, unseen; and
// each that waits has memory that is out of the processor's caches by its turn,
// so that all cost more: a tenth, measured with 25 ms of it.
//
// The queue may be longer where deadlines are long. A closed loop, such as 64
// callers who ask for answers of 1 MB, keeps a queue of some 200 ms standing
// for as long as it asks; refusing them gains nothing.
//
// Without a deadline nobody is refused: such callers wait as long as it takes,
// by their own choice, and hold up those behind them, who may be refused for
// it.
//
// Why not a limit on requests in flight: how many are right depends on how slow
// the backends are. Why not the load of the CPU: a loop may be late on a
// machine that is idle, and in time on one that is full.
//
// Sources: CoDel (RFC 8289): the time that each has waited, not the length of
// the queue, and how long that has been above a target, tells a queue that is
// bad from a burst; Facebook's CoDel for servers (Maurer, "Fail at Scale", ACM
// Queue 2015).
//
// Thread: one, the loop's; refused() on any.
class Shed {
 public:
  explicit Shed(const ShedSettings& settings) : settings_(settings) {}

  // Whether a request that arrives is worth its place in the queue; then
  // Begin() is due. `deadline` may be time_point::max(), for none.
  bool Enter(async::Clock::time_point now, async::Clock::time_point deadline);

  // Whether to serve a request that entered at `since`, and whose turn it is.
  bool Begin(async::Clock::time_point now, async::Clock::time_point since,
             async::Clock::time_point deadline);

  // Requests refused so far.
  uint64_t refused() const { return refused_.value(); }

 private:
  // Whether one that has waited so long is let pass; counts it where not.
  bool Admit(async::Clock::time_point now, async::Clock::duration waited,
             async::Clock::duration time);
  bool IsOverload(async::Clock::time_point now, async::Clock::duration waited,
                  async::Clock::duration time) const;

  const ShedSettings settings_;
  async::Counter refused_;
  int waiting_ = 0;                      // in the queue
  async::Clock::time_point last_begun_;  // of whom left it last: its `since`
  // When somebody last had not to wait for longer than the target, and when
  // somebody had to.
  async::Clock::time_point last_short_;
  async::Clock::time_point last_late_;
  bool shedding_ = false;  // some were refused since, without calm
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_SHED_H_
