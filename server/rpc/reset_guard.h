#ifndef GATHER_SERVER_RPC_RESET_GUARD_H_
#define GATHER_SERVER_RPC_RESET_GUARD_H_

#include <chrono>
#include <functional>
#include <string>
#include <unordered_map>
#include <utility>

#include "server/async/clock.h"

namespace gather::rpc {

// Tells of connections on which calls are cancelled as fast as they are made:
// that costs the caller next to nothing, and the server a whole call each time
// (HTTP/2 rapid reset, CVE-2023-44487, which gRPC 1.51 does nothing about).
//
// What counts is what Envoy calls a premature reset: a call that its caller
// cancelled within a second, and before its deadline. A caller whose deadlines
// pass because the server is slow is no attacker.
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/runtime
// (overload.premature_reset_min_stream_lifetime_seconds)
//
// Thread: one; each loop has its own, and counts what it serves itself.
class ResetGuard {
 public:
  using OnFlood = std::function<void(const std::string& peer)>;

  // `on_flood` is called once a second for each peer, as
  // grpc::ServerContext::peer() names it, that has more than `max_per_second`
  // such calls in it. 0 is no limit.
  ResetGuard(int max_per_second, OnFlood on_flood)
      : max_per_second_(max_per_second), on_flood_(std::move(on_flood)) {}

  // A call was cancelled `now` that was taken in at `start`.
  void OnCancel(const std::string& peer, async::Clock::time_point start,
                async::Clock::time_point deadline,
                async::Clock::time_point now);

 private:
  const int max_per_second_;
  const OnFlood on_flood_;
  // Since `window_`, which lasts a second.
  async::Clock::time_point window_;
  std::unordered_map<std::string, int> counts_;
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_RESET_GUARD_H_
