#ifndef GATHER_SERVER_FANOUT_BUDGET_H_
#define GATHER_SERVER_FANOUT_BUDGET_H_

#include <algorithm>
#include <chrono>

#include "server/async/clock.h"

namespace gather::fanout {

// How long a request may take where nothing shorter is said.
struct Timeouts {
  // One section's call.
  std::chrono::nanoseconds section = std::chrono::seconds(3);
  // The whole request, where the caller set no deadline.
  std::chrono::nanoseconds total = std::chrono::seconds(5);
};

// A stage of calls, each of which needs the one before it (stages.h).
struct Stage {
  async::Clock::time_point start;
  // How many stages come after it.
  int after = 0;
};

// What is kept of a budget for putting the answer together and sending it: a
// tenth, but 5 ms at least and 100 ms at most, and never more than half.
inline async::Clock::duration Reserve(async::Clock::duration budget) {
  using std::chrono::milliseconds;
  const auto reserve = std::clamp<async::Clock::duration>(
      budget / 10, milliseconds(5), milliseconds(100));
  return std::min(reserve, budget / 2);
}

// When all calls of a request that begins `now` are given up, so that a backend
// that hangs yields a partial answer before the caller gives up. `caller` is
// the caller's deadline, time_point::max() for none. Not after `now` where no
// time is left.
inline async::Clock::time_point CallsEnd(std::chrono::nanoseconds total,
                                         async::Clock::time_point now,
                                         async::Clock::time_point caller) {
  const async::Clock::duration budget =
      caller == async::Clock::time_point::max()
          ? std::chrono::duration_cast<async::Clock::duration>(total)
          : caller - now;
  if (budget <= async::Clock::duration::zero()) return now;
  return now + (budget - Reserve(budget));
}

// When the calls of a stage are given up: after the section's timeout, or its
// share of what is left until `calls_end`, whichever is shorter. The share is
// an equal one, for this stage and each after it: of two stages the first may
// take half of the time, and the second all that is then left, which is half at
// least. Why: decisions/0021-staged-sections.md.
inline async::Clock::time_point StageDeadline(
    std::chrono::nanoseconds section_timeout, const Stage& stage,
    async::Clock::time_point calls_end) {
  const async::Clock::duration left = calls_end - stage.start;
  if (left <= async::Clock::duration::zero()) return stage.start;
  return stage.start + std::min<async::Clock::duration>(
                           section_timeout, left / (1 + stage.after));
}

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_BUDGET_H_
