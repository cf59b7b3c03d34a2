#ifndef GATHER_SERVER_ASYNC_WATCHDOG_H_
#define GATHER_SERVER_ASYNC_WATCHDOG_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string_view>
#include <thread>
#include <vector>

#include "server/async/clock.h"
#include "server/async/event_loop.h"

namespace gather::async {

// A step that holds its loop too long: all else on the loop is late by as much.
struct Stall {
  // The loop's place among those that are watched.
  std::size_t loop = 0;
  // What the loop ran: the name of an RPC or other work, of static lifetime;
  // empty for work that nobody named.
  std::string_view activity;
  // For how long, as far as seen: up to one look too short.
  Clock::duration held{};
  // False while the step still runs, true when it has ended.
  bool over = false;
};

// Watches loops from a thread of its own, and names a step that holds one of
// them for longer than a limit: a blocking call, a sum that belongs in a pool.
//
//   Watchdog watchdog({.limit = 100ms}, {&loop}, [&](const Stall& stall) {
//     logger.Log(LogLevel::kWarning, "loop held", {{"by", stall.activity}});
//   });
//
// It looks several times within the limit and compares step counts, so that
// neither a loop that is busy with many short steps nor a watchdog that is
// itself late makes a false alarm. A loop pays two stores a step for it.
//
// Thread: made and destroyed on any; `on_stall` is called on the watchdog's
// thread: twice a stall, as soon as it is one and when it is over.
// Lifetime: the loops must outlive it. It never touches their queues, so they
// may shut down meanwhile.
class Watchdog {
 public:
  struct Options {
    Clock::duration limit = std::chrono::milliseconds(100);
  };
  using OnStall = std::function<void(const Stall&)>;

  Watchdog(Options options, std::vector<const EventLoop*> loops,
           OnStall on_stall);
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // How many stalls were seen, those that last still included.
  int64_t stalls() const { return stalls_.load(std::memory_order_relaxed); }
  // The longest of them so far; zero for none.
  Clock::duration longest() const {
    return Clock::duration(longest_.load(std::memory_order_relaxed));
  }

 private:
  // What the last look at a loop has shown.
  struct Seen {
    uint64_t step_count = 0;
    Clock::time_point since;  // when that count was seen first
    Clock::time_point last;   // ... and last
    std::string_view activity = {};
    bool stalled = false;
  };

  void Watch(std::stop_token stop);
  void Look(std::size_t loop, Seen& seen);
  void Report(std::size_t loop, const Seen& seen, bool over);

  const Options options_;
  const std::vector<const EventLoop*> loops_;
  const OnStall on_stall_;
  std::atomic<int64_t> stalls_{0};
  std::atomic<Clock::rep> longest_{0};
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace gather::async

#endif  // GATHER_SERVER_ASYNC_WATCHDOG_H_
