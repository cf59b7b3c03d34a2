#ifndef GATHER_SERVER_RPC_SERVER_OPTIONS_H_
#define GATHER_SERVER_RPC_SERVER_OPTIONS_H_

#include <grpcpp/security/server_credentials.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "server/async/clock.h"
#include "server/async/watchdog.h"
#include "server/rpc/call_observer.h"
#include "server/rpc/grpc_workarounds/reset_guard.h"
#include "server/rpc/shed.h"
#include "server/rpc/span.h"

namespace gather::rpc {

// Trouble of the server's own that no call's status tells, such as memory that
// lacks where no call is there yet.
struct ServerError {
  // "accepting", "serving", "observing" or "watching". Of static lifetime, as
  // `method` is.
  const char* during;
  // "package.Service/Method"; empty where it is none's.
  const char* method;
  absl::Status status;
};
using OnServerError = std::function<void(const ServerError&)>;

// What a server lets in. gRPC's own defaults are unlimited or very long.
struct ServerOptions {
  // As in listen_sockets.h.
  std::string listen = "127.0.0.1:0";
  // Null means no encryption.
  std::shared_ptr<grpc::ServerCredentials> credentials;
  // Threads, each with a completion queue and an event loop.
  int event_loops = 1;
  // So many of these take calls in from the start, and the others when they are
  // needed (loops_by_need.h).
  int loops_at_start = std::numeric_limits<int>::max();
  // Requests that wait for a call, a method and loop. With few, a burst waits
  // in a list inside of gRPC that nothing bounds. With many, each completion
  // takes longer: Debian's gRPC looks through all that is outstanding for it.
  int posted_requests = 16;
  // Calls in flight, over all loops; what is past it gets RESOURCE_EXHAUSTED.
  // 0 is no limit.
  int64_t max_inflight = 0;
  // What is refused, with RESOURCE_EXHAUSTED, while a loop has more to do than
  // it can do in time. Off, unless it is switched on.
  ShedSettings shed{.enabled = false};
  // How long a caller may take to take in a message that is sent to it; then
  // its call is cancelled (send_timeout.h), or its connection ended
  // (listener.h). And how long it may take to send its request: then its
  // connection is ended (half_sent.h).
  std::chrono::milliseconds send_timeout = std::chrono::seconds(30);
  // What all connections together may hold in buffers.
  std::size_t memory_quota_bytes = std::size_t{1} << 30;
  int max_request_bytes = 64 * 1024;
  int max_streams_per_connection = 1000;
  std::chrono::milliseconds max_connection_age = std::chrono::hours(1);
  std::chrono::milliseconds max_connection_age_grace = std::chrono::seconds(30);
  // A connection on which more calls are cancelled in a second is ended
  // (reset_guard.h). 0 is no limit.
  int max_resets_per_second = 1000;
  // Told of connections that were ended, on threads of the server's: the peer's
  // address, and what for. May be null.
  std::function<void(const std::string& peer, const char* reason)> on_ended;
  // Whether answers have the call's trace, as `traceparent` in their trailing
  // metadata. To read it costs the caller: off where only servers call, which
  // know the trace already.
  bool tell_trace = true;
  // Where spans of the calls go; null records none, and costs nothing.
  SpanSink* spans = nullptr;
  // Told of every call that ends; may be null; must outlive the server.
  CallObserver* observer = nullptr;
  // A step that holds a loop for longer is reported, with the name of its RPC:
  // see async/watchdog.h. May be null.
  std::chrono::nanoseconds stall_limit = std::chrono::milliseconds(200);
  async::Watchdog::OnStall on_stall;
  // Told when the loop of that index was late by more than the same limit,
  // whether for one step or for many; on the loop; may be null. No more often
  // than the lag is measured, which is every 100 ms.
  std::function<void(int loop, async::Clock::duration late)> on_late;
  // Told of trouble of the server's own, on its threads, at any rate; may be
  // null.
  OnServerError on_error;
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_SERVER_OPTIONS_H_
