#include "server/rpc/grpc_workarounds/reset_guard.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <iterator>
#include <mutex>
#include <utility>

namespace gather::rpc {

using async::Clock;
using namespace std::chrono_literals;

namespace {

constexpr Clock::duration kPeriod = 20ms;
// While many fail. A caller can make a hundred in a millisecond, each of
// which takes 10 KB and more until it is taken in.
constexpr Clock::duration kPeriodOfMany = 5ms;
// The share of a CPU that the thread takes at most, as 1 in so many: with
// thousands of connections a look takes tens of milliseconds.
constexpr int kShare = 20;
// In which a loop comes to calls that have expired, where it is not late.
constexpr Clock::duration kExcuseTime = 500ms;
// The timer of the first may have been due before.
constexpr int64_t kTurns = 2;
// As many calls as may be open expire, and as many again, before a loop that is
// starved has taken them in.
constexpr double kRounds = 2;

}  // namespace

int64_t ResetCounter::FailedOn(const ConnectionCounts& connection) const {
  return connection.streams_failed +
         std::max<int64_t>(0, connection.streams_left - max_open_);
}

void ResetCounter::AddSuspects(
    Clock::time_point now, const Calls& calls, double limit,
    const std::vector<ConnectionCounts>& connections) {
  if (!failed_before_) return;
  for (const ConnectionCounts& connection : connections) {
    const auto before = failed_before_->find(connection.id);
    const int64_t seen =  // of a new one: none
        before == failed_before_->end() ? 0 : before->second;
    const double over =
        static_cast<double>(FailedOn(connection) - seen) - limit;
    if (over <= 0) continue;
    const auto [place, is_new] = suspects_.try_emplace(connection.id);
    if (is_new) {
      place->second = {.peer = connection.peer,
                       .since = now,
                       .over = over,
                       .calls = calls,
                       .late_turns = window_calls_.late_turns};
    }
    // Not those that are left: as many are in flight, and wait for a connection
    // that does nothing but read.
    place->second.certain =
        over > static_cast<double>(calls.in_flight) + kRounds * max_open_ ||
        static_cast<double>(connection.streams_left) >
            (1 + kRounds) * max_open_;
  }
}

bool ResetCounter::IsSettled(const Suspect& suspect, Clock::time_point now,
                             const Calls& calls) {
  if (now - suspect.since < kExcuseTime) return false;
  for (std::size_t loop = 0; loop < suspect.calls.turns.size(); ++loop) {
    if (calls.turns[loop] < suspect.calls.turns[loop] + kTurns) return false;
  }
  return true;
}

std::vector<std::string> ResetCounter::TakeFound(Clock::time_point now,
                                                 const Calls& calls) {
  std::vector<std::string> found;
  for (auto each = suspects_.begin(); each != suspects_.end();) {
    const Suspect& suspect = each->second;
    const bool settled = IsSettled(suspect, now, calls);
    const bool excused =
        suspect.over <=
            static_cast<double>(calls.expired - suspect.calls.expired) ||
        (settled && calls.late_turns > suspect.late_turns);
    const bool found_now = suspect.certain || (!excused && settled);
    if (found_now) found.push_back(suspect.peer);
    each = found_now || excused ? suspects_.erase(each) : std::next(each);
  }
  return found;
}

std::vector<std::string> ResetCounter::Look(Clock::time_point now,
                                            const Calls& calls,
                                            const ListConnections& list) {
  if (!window_) {
    window_ = now;
    window_calls_ = calls;
    return {};
  }
  const Clock::duration lasted = now - *window_;
  // Half: what comes before a window's first list is not seen.
  // Calls that end well must not hide as many that begin.
  window_calls_.not_ok = std::min(window_calls_.not_ok, calls.not_ok);
  const bool many = calls.not_ok - window_calls_.not_ok > max_ / 2;
  if (many) {
    // Who looks seldom sees more than a second's.
    const double limit =
        max_ * std::max(1.0, std::chrono::duration<double>(lasted).count()) +
        static_cast<double>(calls.expired - window_calls_.expired);
    const std::vector<ConnectionCounts> connections = list();
    AddSuspects(now, calls, limit, connections);
    if (!failed_before_ || lasted >= 1s) {
      failed_before_.emplace();
      for (const ConnectionCounts& connection : connections) {
        failed_before_->emplace(connection.id, FailedOn(connection));
      }
    }
  }
  if (lasted >= 1s) {
    window_ = now;
    window_calls_ = calls;
    if (!many) failed_before_.reset();
  }
  return TakeFound(now, calls);
}

ResetGuard::ResetGuard(int max_per_second, int max_open, CountCalls count_calls,
                       OnFlood on_flood)
    : counter_(max_per_second, max_open),
      count_calls_(std::move(count_calls)),
      on_flood_(std::move(on_flood)),
      thread_([this](std::stop_token stop) { Watch(stop); }) {}

void ResetGuard::Watch(std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any wait;
  std::unique_lock lock(mutex);
  while (!stop.stop_requested()) {
    const Clock::duration before = async::ThreadCpuTime();
    try {
      ResetCounter::Calls calls = count_calls_();
      calls.not_ok = CountCallsNotOk();
      for (const std::string& peer :
           counter_.Look(Clock::now(), calls, ListConnections)) {
        on_flood_(peer);
      }
    } catch (const std::exception&) {
      // No memory: the next look may have it.
    }
    const Clock::duration took = async::ThreadCpuTime() - before;
    const Clock::duration period = counter_.many() ? kPeriodOfMany : kPeriod;
    // Nobody notifies: only time and a stop end the wait.
    wait.wait_for(lock, stop, std::max(period, kShare * took),
                  [] { return false; });
  }
}

}  // namespace gather::rpc
