#include "server/rpc/grpc_workarounds/half_sent.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <utility>

namespace gather::rpc {

using async::Clock;
using namespace std::chrono_literals;

namespace {

// How often it looks while a connection is silent for as long as it may be.
constexpr int kLooks = 4;
constexpr Clock::duration kLongestPeriod = 5s;
// With thousands of connections a look takes tens of milliseconds.
constexpr int kShare = 100;

}  // namespace

std::vector<std::string> SilentConnections::Look(
    Clock::time_point now, const std::vector<ConnectionCounts>& connections) {
  std::vector<std::string> peers;
  std::map<int64_t, Silence> silent;
  for (const ConnectionCounts& connection : connections) {
    if (connection.streams_left <= 0) continue;
    Silence silence{.messages = connection.messages, .since = now};
    const auto before = silent_.find(connection.id);
    if (before != silent_.end() &&
        before->second.messages == connection.messages) {
      silence.since = before->second.since;
    }
    if (now - silence.since >= limit_) peers.push_back(connection.peer);
    silent.emplace(connection.id, silence);
  }
  silent_ = std::move(silent);
  return peers;
}

HalfSentGuard::HalfSentGuard(Clock::duration limit, OnSilent on_silent)
    : connections_(limit),
      on_silent_(std::move(on_silent)),
      thread_([this, limit](std::stop_token stop) { Watch(stop, limit); }) {}

void HalfSentGuard::Watch(std::stop_token stop, Clock::duration limit) {
  const Clock::duration period = std::min(kLongestPeriod, limit / kLooks);
  std::mutex mutex;
  std::condition_variable_any wait;
  std::unique_lock lock(mutex);
  while (!stop.stop_requested()) {
    const Clock::time_point start = Clock::now();
    try {
      const std::vector<std::string> peers =
          connections_.Look(start, ListConnections());
      if (!peers.empty()) on_silent_(peers);
    } catch (const std::exception&) {
      // No memory: the next look may have it.
    }
    const Clock::duration took = Clock::now() - start;
    // Nobody notifies: only time and a stop end the wait.
    wait.wait_for(lock, stop, std::max(period, kShare * took),
                  [] { return false; });
  }
}

}  // namespace gather::rpc
