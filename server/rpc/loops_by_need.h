#ifndef GATHER_SERVER_RPC_LOOPS_BY_NEED_H_
#define GATHER_SERVER_RPC_LOOPS_BY_NEED_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <vector>

#include "server/async/clock.h"

namespace gather::rpc {

// How many of a server's loops take calls in. Another one joins when each of
// those that do has kept its core busy for a while, or when a step holds one
// up. None leaves again: one busy time is likely not the last.
//
// Each loop polls, and gRPC's epoll1 engine hands the polling from thread to
// thread: a second loop that has little to do costs each call a third of its
// CPU time (decisions/0034-loops-by-need.md).
//
// Thread: any, but for what is said.
class LoopsByNeed {
 public:
  // `at_start` of `loops`, at least one.
  LoopsByNeed(int loops, int at_start);

  // So many take calls in: the first ones.
  int joined() const {
    return state_.load(std::memory_order_acquire) & ~kClosed;
  }

  // Blocks until that loop has joined; false where it need not any more.
  // Thread: its own.
  bool AwaitNeed(int loop) const;
  // It has joined, and has posted its requests.
  void Began();

  // Tells how much CPU time the loop's thread has had by now. To be called
  // every 100 ms or so. Thread: the loop's.
  void Measure(int loop, async::Clock::time_point now,
               std::chrono::nanoseconds cpu_time);

  // Another one joins, if there is one.
  void Join();

  // No more join from now on. Returns once those that have joined have begun,
  // of which the first `threads` have a thread: gRPC 1.51 loses requests that
  // are posted at the very moment in which a server is shut down.
  void Close(int threads);

  // Busy is who has had that share of a core for that long. Less time is a
  // burst that another loop would be late for.
  static constexpr double kBusy = 0.9;
  static constexpr std::chrono::milliseconds kWindow{400};

 private:
  // Of a loop that has joined.
  struct Load {
    // Of its window. Only its thread knows of these.
    async::Clock::time_point since;
    std::chrono::nanoseconds cpu_time_then{};
    std::atomic<bool> busy{false};
  };

  static constexpr int kClosed = 1 << 30;

  void JoinUpTo(int loops);

  std::vector<Load> loads_;
  std::atomic<int> state_;  // how many have joined, and kClosed
  std::atomic<int> begun_{0};
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_LOOPS_BY_NEED_H_
