// What guards a server from its callers.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "server/async/counter.h"
#include "server/rpc/server.h"

namespace gather::rpc {
namespace {

// A loop that was later than this may have found calls that had expired.
constexpr std::chrono::milliseconds kLate(100);

}  // namespace

void Server::StartGuards() {
  if (options_.max_resets_per_second > 0) {
    reset_guard_.emplace(
        options_.max_resets_per_second, options_.max_streams_per_connection,
        std::bind_front(&Server::CountCalls, this),
        [this](const std::string& peer) { EndConnection(peer, "its resets"); });
  }
  half_sent_guard_.emplace(options_.send_timeout,
                           std::bind_front(&Server::EndUnserved, this));
}

ResetCounter::Calls Server::CountCalls() const {
  // In flight first: a call that ends meanwhile is counted twice, not never.
  ResetCounter::Calls calls;
  calls.in_flight = admission_.in_flight();
  for (const auto& serving : JoinedLoops()) {
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

void Server::EndConnection(const std::string& peer, const char* reason) {
  if (!connections_->EndConnection(listener_->place(), peer)) return;
  if (options_.on_ended) options_.on_ended(peer, reason);
}

void Server::EndUnserved(const std::vector<std::string>& peers) {
  std::set<std::string> served;
  for (const auto& serving : JoinedLoops()) {
    std::promise<bool> added;
    serving->loop.Post([&] {
      try {
        serving->calls_in_flight.AddPeers(served);
        added.set_value(true);
      } catch (...) {  // no memory: the next look may have it
        added.set_value(false);
      }
    });
    if (!added.get_future().get()) return;
  }
  for (const std::string& peer : peers) {
    if (!served.contains(peer)) EndConnection(peer, "half-sent calls");
  }
}

}  // namespace gather::rpc
