// What a server counts.

#include "server/rpc/server_stats.h"

#include <cstddef>
#include <cstdint>

#include "server/async/counter.h"
#include "server/rpc/server.h"

namespace gather::rpc {

ServerStats Server::stats() const {
  ServerStats stats;
  for (std::size_t i = 0; i < methods_.size(); ++i) {
    ServerStats::Method& method = stats.methods.emplace_back();
    method.name = methods_[i]->name();
    method.streams = methods_[i]->streams();
    for (const auto& serving : loops_) serving->stats[i].AddTo(method.calls);
  }
  for (const auto& serving : JoinedLoops()) {
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

}  // namespace gather::rpc
