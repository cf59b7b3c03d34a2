#ifndef GATHER_TESTS_SIMULATION_EVENT_QUEUE_H_
#define GATHER_TESTS_SIMULATION_EVENT_QUEUE_H_

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "server/async/clock.h"

namespace gather::simulation {

using async::Clock;

// Virtual time: events run in the order of when they are due, those of the same
// time in the order in which they were asked for, and nothing waits.
class EventQueue {
 public:
  using Action = std::function<void()>;

  // When all simulations begin. Not zero, which might stand for "never".
  static constexpr Clock::time_point kBegin{std::chrono::hours(1)};

  Clock::time_point now() const { return now_; }
  // Since the beginning.
  Clock::duration elapsed() const { return now_ - kBegin; }

  // An event of the past runs next.
  void At(Clock::time_point when, Action action) {
    events_.push_back({std::max(when, now_), ++asked_, std::move(action)});
    std::push_heap(events_.begin(), events_.end(), Later{});
  }
  void After(Clock::duration delay, Action action) {
    At(now_ + delay, std::move(action));
  }

  // Until there are no more events.
  void Run() {
    while (!events_.empty()) {
      std::pop_heap(events_.begin(), events_.end(), Later{});
      const Event event = std::move(events_.back());
      events_.pop_back();
      now_ = event.when;
      event.action();
    }
  }

 private:
  struct Event {
    Clock::time_point when;
    uint64_t order;
    Action action;
  };
  struct Later {
    bool operator()(const Event& a, const Event& b) const {
      return a.when != b.when ? a.when > b.when : a.order > b.order;
    }
  };

  Clock::time_point now_ = kBegin;
  uint64_t asked_ = 0;
  std::vector<Event> events_;
};

}  // namespace gather::simulation

#endif  // GATHER_TESTS_SIMULATION_EVENT_QUEUE_H_
