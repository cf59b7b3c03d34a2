#ifndef GATHER_SERVER_ASYNC_LAG_H_
#define GATHER_SERVER_ASYNC_LAG_H_

#include <stop_token>

#include "server/async/clock.h"
#include "server/async/counter.h"
#include "server/async/event_loop.h"
#include "server/async/task.h"

namespace gather::async {

// Measures how late a loop runs: sets a timer every `period`, and adds to `lag`
// by how much it came too late. That is how long anything else that was ready
// had to wait as well; the timer's own grain is about a millisecond.
//
// Ends once `stop` is requested. Thread: the loop's. `lag` must outlive it.
Task<> MeasureLag(EventLoop& loop, Histogram& lag, Clock::duration period,
                  std::stop_token stop);

}  // namespace gather::async

#endif  // GATHER_SERVER_ASYNC_LAG_H_
