#include "server/rpc/grpc_workarounds/reset_guard.h"

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
                                            const Calls& calls,
                                            const ListConnections& list) {
  std::vector<std::string> found;
  if (!window_) {
    window_ = now;
    window_calls_ = calls;
    return found;
  }
  const Clock::duration lasted = now - *window_;
  // Half: what comes before a window's first list is not seen.
  const bool many = calls.started - window_calls_.started > max_ / 2;
  if (many) {
    // Who looks seldom sees more than a second's.
    const double limit =
        max_ * std::max(1.0, std::chrono::duration<double>(lasted).count()) +
        static_cast<double>(calls.expired - window_calls_.expired);
    std::map<int64_t, int64_t> failed;
    for (const ConnectionCounts& connection : list()) {
      failed[connection.id] = connection.streams_failed;
      if (!failed_before_) continue;
      const auto before = failed_before_->find(connection.id);
      const int64_t seen =  // of a new one: none
          before == failed_before_->end() ? 0 : before->second;
      if (static_cast<double>(connection.streams_failed - seen) > limit) {
        found.push_back(connection.peer);
      }
    }
    if (!failed_before_ || lasted >= 1s) failed_before_ = std::move(failed);
  }
  if (lasted >= 1s) {
    window_ = now;
    window_calls_ = calls;
    if (!many) failed_before_.reset();
  }
  return found;
}

ResetGuard::ResetGuard(int max_per_second,
                       std::function<int64_t()> count_expired, OnFlood on_flood)
    : counter_(max_per_second),
      count_expired_(std::move(count_expired)),
      on_flood_(std::move(on_flood)),
      thread_([this](std::stop_token stop) { Watch(stop); }) {}

void ResetGuard::Watch(std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any wait;
  std::unique_lock lock(mutex);
  while (!stop.stop_requested()) {
    const Clock::time_point start = Clock::now();
    for (const std::string& peer : counter_.Look(
             start, {CountCallsStarted(), count_expired_()}, ListConnections)) {
      on_flood_(peer);
    }
    const Clock::duration took = Clock::now() - start;
    // Nobody notifies: only time and a stop end the wait.
    wait.wait_for(lock, stop, std::max(kPeriod, kShare * took),
                  [] { return false; });
  }
}

}  // namespace gather::rpc
