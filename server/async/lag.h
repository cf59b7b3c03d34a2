#ifndef GATHER_SERVER_ASYNC_LAG_H_
#define GATHER_SERVER_ASYNC_LAG_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <stop_token>

#include "server/async/clock.h"
#include "server/async/event_loop.h"
#include "server/async/task.h"

namespace gather::async {

// How late a loop has lately run, for whoever asks what held up a piece of work
// on it. Thread: the loop's.
class Lateness {
 public:
  // The next measure is to come then.
  void Expect(Clock::time_point due) { due_ = due; }
  // It came.
  void Add(Clock::time_point now);

  // For how long, at least, work that was ready between `since` and `now` had
  // to wait for its turn; the last few measures tell, and one that is overdue.
  Clock::duration Longest(Clock::time_point since, Clock::time_point now) const;

 private:
  struct Measure {
    Clock::time_point came;
    Clock::duration late{};
  };
  // A loop in good health is never so late.
  static constexpr std::chrono::milliseconds kWorthKeeping{50};

  Clock::time_point due_ = Clock::time_point::max();
  std::array<Measure, 16> measures_{};  // the oldest is replaced
  std::size_t oldest_ = 0;
};

// Measures how late a loop runs: sets a timer every `period`, and tells
// `on_measure` by how much it came too late. That is how long anything else
// that was ready had to wait as well; the timer's own grain is about a
// millisecond. `lateness` knows of a measure also while it is due.
//
// Ends once `stop` is requested. Thread: the loop's. `lateness` must outlive
// it.
Task<> MeasureLag(EventLoop& loop, Lateness& lateness, Clock::duration period,
                  std::function<void(Clock::duration)> on_measure,
                  std::stop_token stop);

}  // namespace gather::async

#endif  // GATHER_SERVER_ASYNC_LAG_H_
