#include "server/rpc/loops_by_need.h"

#include <algorithm>

namespace gather::rpc {

LoopsByNeed::LoopsByNeed(int loops, int at_start)
    : loads_(static_cast<std::size_t>(loops)),
      state_(std::clamp(at_start, 1, loops)) {}

bool LoopsByNeed::AwaitNeed(int loop) const {
  while (true) {
    const int state = state_.load(std::memory_order_acquire);
    if ((state & ~kClosed) > loop) return true;
    if ((state & kClosed) != 0) return false;
    state_.wait(state, std::memory_order_acquire);
  }
}

void LoopsByNeed::Began() {
  begun_.fetch_add(1);
  begun_.notify_all();
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

void LoopsByNeed::JoinUpTo(int loops) {
  loops = std::min(loops, static_cast<int>(loads_.size()));
  int state = state_.load();
  while ((state & kClosed) == 0 && state < loops) {
    if (!state_.compare_exchange_weak(state, loops)) continue;
    state_.notify_all();
    return;
  }
}

void LoopsByNeed::Close(int threads) {
  state_.fetch_or(kClosed);
  state_.notify_all();
  const int expected = std::min(joined(), threads);
  for (int begun = begun_.load(); begun < expected; begun = begun_.load()) {
    begun_.wait(begun);
  }
}

}  // namespace gather::rpc
