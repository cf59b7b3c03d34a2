#include "server/rpc/loops_by_need.h"

#include <algorithm>

namespace gather::rpc {

LoopsByNeed::LoopsByNeed(int loops, int at_start)
    : loads_(static_cast<std::size_t>(loops)),
      joined_(std::clamp(at_start, 1, loops)) {}

void LoopsByNeed::AwaitNeed(int loop) const {
  for (int joined = this->joined(); joined <= loop; joined = this->joined()) {
    joined_.wait(joined, std::memory_order_acquire);
  }
}

void LoopsByNeed::Measure(int loop, async::Clock::time_point now,
                          std::chrono::nanoseconds cpu_time) {
  Load& load = loads_[static_cast<std::size_t>(loop)];
  const bool first = load.since == async::Clock::time_point();
  const async::Clock::duration window = now - load.since;
  if (!first && window < kWindow) return;
  const std::chrono::duration<double> had = cpu_time - load.cpu_time_then;
  load.busy.store(!first && had >= kBusy * window, std::memory_order_relaxed);
  load.since = now;
  load.cpu_time_then = cpu_time;

  const int joined = this->joined();
  const auto end = loads_.begin() + joined;
  if (std::all_of(loads_.begin(), end, [](const Load& one) {
        return one.busy.load(std::memory_order_relaxed);
      })) {
    JoinUpTo(joined + 1);
  }
}

void LoopsByNeed::Join() { JoinUpTo(joined() + 1); }

void LoopsByNeed::JoinAll() { JoinUpTo(static_cast<int>(loads_.size())); }

void LoopsByNeed::JoinUpTo(int loops) {
  loops = std::min(loops, static_cast<int>(loads_.size()));
  int joined = this->joined();
  while (joined < loops) {
    if (!joined_.compare_exchange_weak(joined, loops)) continue;
    joined_.notify_all();
    return;
  }
}

}  // namespace gather::rpc
