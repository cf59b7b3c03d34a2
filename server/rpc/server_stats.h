#ifndef GATHER_SERVER_RPC_SERVER_STATS_H_
#define GATHER_SERVER_RPC_SERVER_STATS_H_

#include <cstdint>
#include <vector>

#include "server/async/counter.h"
#include "server/rpc/call_stats.h"

namespace gather::rpc {

// What a server has counted so far. Calls that gRPC ends before they are taken
// in, and those of health checking and reflection, are not among them.
struct ServerStats {
  struct Method {
    const char* name;  // "package.Service/Method"
    bool streams;      // many answers
    CallTotals calls;
  };
  struct Loop {
    // Completions delivered.
    uint64_t completions = 0;
    // How late it ran: see async/lag.h.
    async::HistogramTotals lag;
  };

  std::vector<Method> methods;
  std::vector<Loop> loops;  // that take calls in
  // See Admission.
  int64_t in_flight = 0;
  int64_t refused = 0;
  // See Shed.
  int64_t shed = 0;
  // See async::Watchdog.
  int64_t stalls = 0;
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_SERVER_STATS_H_
