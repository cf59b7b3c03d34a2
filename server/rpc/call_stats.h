#ifndef GATHER_SERVER_RPC_CALL_STATS_H_
#define GATHER_SERVER_RPC_CALL_STATS_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "server/async/clock.h"
#include "server/async/counter.h"

namespace gather::rpc {

// The canonical codes, from OK to UNAUTHENTICATED.
inline constexpr std::size_t kCodes = 17;

// What the calls of one method came to, over all loops.
struct CallTotals {
  uint64_t started = 0;
  std::array<uint64_t, kCodes> handled{};  // by code
  async::HistogramTotals handling;

  void Add(const CallTotals& more);
};

// Counts the calls of one method on one loop, at either end.
//
// Thread: the loop's; AddTo() on any.
class CallStats {
 public:
  // Those of every Prometheus library that counts gRPC's calls.
  static constexpr std::array<std::chrono::milliseconds, 11> kBounds = {
      std::chrono::milliseconds(5),    std::chrono::milliseconds(10),
      std::chrono::milliseconds(25),   std::chrono::milliseconds(50),
      std::chrono::milliseconds(100),  std::chrono::milliseconds(250),
      std::chrono::milliseconds(500),  std::chrono::milliseconds(1000),
      std::chrono::milliseconds(2500), std::chrono::milliseconds(5000),
      std::chrono::milliseconds(10000)};

  void OnStart() { started_.Add(); }
  // A code that is none of the canonical ones counts as UNKNOWN.
  void OnEnd(int code, async::Clock::duration took);

  // Whenever it is called, no more calls are handled than were started.
  void AddTo(CallTotals& totals) const;

 private:
  async::Counter started_;
  std::array<async::Counter, kCodes> handled_;
  async::Histogram handling_{kBounds};
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_CALL_STATS_H_
