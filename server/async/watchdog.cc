#include "server/async/watchdog.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace gather::async {
namespace {

constexpr int kLooksPerLimit = 5;

}  // namespace

Watchdog::Watchdog(Options options, std::vector<const EventLoop*> loops,
                   OnStall on_stall)
    : options_(options),
      loops_(std::move(loops)),
      on_stall_(std::move(on_stall)),
      thread_([this](std::stop_token stop) { Watch(stop); }) {}

void Watchdog::Watch(std::stop_token stop) {
  std::vector<Seen> seen(loops_.size());
  std::mutex mutex;
  std::condition_variable_any wait;
  const Clock::duration period = std::max<Clock::duration>(
      options_.limit / kLooksPerLimit, std::chrono::microseconds(100));
  std::unique_lock lock(mutex);
  while (!stop.stop_requested()) {
    for (std::size_t i = 0; i < loops_.size(); ++i) Look(i, seen[i]);
    // Nobody notifies: only time and a stop end the wait.
    wait.wait_for(lock, stop, period, [] { return false; });
  }
}

void Watchdog::Look(std::size_t loop, Seen& seen) {
  const uint64_t count = loops_[loop]->step_count();
  // Before the time is taken: whatever a name belongs to, it ran since `since`.
  const char* const activity = loops_[loop]->activity();
  const Clock::time_point now = Clock::now();
  if (count != seen.step_count) {
    if (seen.stalled) Report(loop, seen, /*over=*/true);
    seen = {.step_count = count, .since = now, .last = now};
    return;
  }
  const bool runs = count % 2 == 1;
  if (!runs || loops_[loop]->step_count() != count) return;
  seen.last = now;
  if (activity != nullptr) seen.activity = activity;
  if (seen.stalled || now - seen.since < options_.limit) return;
  seen.stalled = true;
  stalls_.fetch_add(1, std::memory_order_relaxed);
  Report(loop, seen, /*over=*/false);
}

void Watchdog::Report(std::size_t loop, const Seen& seen, bool over) {
  const Clock::duration held = seen.last - seen.since;
  longest_.store(
      std::max(longest_.load(std::memory_order_relaxed), held.count()),
      std::memory_order_relaxed);
  if (!on_stall_) return;
  on_stall_(
      {.loop = loop, .activity = seen.activity, .held = held, .over = over});
}

}  // namespace gather::async
