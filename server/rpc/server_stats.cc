// What a server counts.

#include "server/rpc/server_stats.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <numeric>

#include "server/async/counter.h"
#include "server/rpc/server.h"

namespace gather::rpc {

namespace {

// A loop that was later than this may have found calls that had expired.
constexpr std::chrono::milliseconds kLate(100);

}  // namespace

ServerStats Server::stats() const {
  ServerStats stats;
  for (std::size_t i = 0; i < methods_.size(); ++i) {
    ServerStats::Method& method = stats.methods.emplace_back();
    method.name = methods_[i]->name();
    method.streams = methods_[i]->streams();
    for (const auto& serving : loops_) serving->stats[i].AddTo(method.calls);
  }
  for (const auto& serving : loops_) {
    stats.shed += static_cast<int64_t>(serving->shed.refused());
    ServerStats::Loop& loop = stats.loops.emplace_back();
    // The count of steps goes up at each one's begin and end.
    loop.completions = serving->loop.step_count() / 2;
    serving->lag.AddTo(loop.lag);
  }
  // After the calls that were handled: these are not in flight any more.
  stats.in_flight = admission_.in_flight();
  stats.refused = admission_.refused();
  stats.stalls = watchdog_->stalls();
  return stats;
}

ResetCounter::Calls Server::CountCalls() const {
  // In flight first: a call that ends meanwhile is counted twice, not never.
  ResetCounter::Calls calls;
  calls.in_flight = admission_.in_flight();
  for (const auto& serving : loops_) {
    calls.expired += static_cast<int64_t>(serving->expired.value());
    async::HistogramTotals lag;
    serving->lag.AddTo(lag);
    calls.turns.push_back(
        std::reduce(lag.counts.begin(), lag.counts.end(), int64_t{0}));
    for (std::size_t i = 0; i < lag.counts.size(); ++i) {
      const bool late = i == lag.bounds.size() || lag.bounds[i] > kLate;
      if (late) calls.late_turns += static_cast<int64_t>(lag.counts[i]);
    }
  }
  return calls;
}

}  // namespace gather::rpc
