#include "server/rpc/reset_guard.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace gather::rpc {

using async::Clock;
using namespace std::chrono_literals;

namespace {

constexpr Clock::duration kPeriod = 20ms;
// The share of its time that the thread works at most, as 1 in so many: with
// thousands of connections a look takes tens of milliseconds.
constexpr int kShare = 20;

}  // namespace

std::vector<std::string> ResetCounter::Look(Clock::time_point now,
                                            int64_t calls_started,
                                            const ListConnections& list) {
  if (now - window_ >= 1s) {
    window_ = now;
    window_calls_ = calls_started;
    failed_before_.reset();
  }
  std::vector<std::string> found;
  // Half: what comes before the first list is not seen.
  if (calls_started - window_calls_ <= max_ / 2) return found;
  const bool first = !failed_before_;
  if (first) failed_before_.emplace();
  for (const ConnectionCounts& connection : list()) {
    int64_t& before = (*failed_before_)[connection.id];
    if (first) before = connection.streams_failed;
    if (connection.streams_failed - before > max_) {
      found.push_back(connection.peer);
    }
  }
  return found;
}

ResetGuard::ResetGuard(int max_per_second, OnFlood on_flood)
    : counter_(max_per_second),
      on_flood_(std::move(on_flood)),
      thread_([this](std::stop_token stop) { Watch(stop); }) {}

void ResetGuard::Watch(std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any wait;
  std::unique_lock lock(mutex);
  while (!stop.stop_requested()) {
    const Clock::time_point start = Clock::now();
    for (const std::string& peer :
         counter_.Look(start, CountCallsStarted(), ListConnections)) {
      on_flood_(peer);
    }
    const Clock::duration took = Clock::now() - start;
    // Nobody notifies: only time and a stop end the wait.
    wait.wait_for(lock, stop, std::max(kPeriod, kShare * took),
                  [] { return false; });
  }
}

}  // namespace gather::rpc
