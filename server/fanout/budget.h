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

// What is kept of a budget for putting the answer together and sending it: a
// tenth, but 5 ms at least and 100 ms at most, and never more than half.
inline async::Clock::duration Reserve(async::Clock::duration budget) {
  using std::chrono::milliseconds;
  const auto reserve = std::clamp<async::Clock::duration>(
      budget / 10, milliseconds(5), milliseconds(100));
  return std::min(reserve, budget / 2);
}

// When the backends' calls are given up, so that one that hangs yields a
// partial answer before the caller gives up. `caller` is the caller's deadline,
// time_point::max() for none. Not after `now` where no time is left.
inline async::Clock::time_point BranchDeadline(
    const Timeouts& timeouts, async::Clock::time_point now,
    async::Clock::time_point caller) {
  const async::Clock::duration budget =
      caller == async::Clock::time_point::max()
          ? std::chrono::duration_cast<async::Clock::duration>(timeouts.total)
          : caller - now;
  if (budget <= async::Clock::duration::zero()) return now;
  return now + std::min<async::Clock::duration>(timeouts.section,
                                                budget - Reserve(budget));
}

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_BUDGET_H_
