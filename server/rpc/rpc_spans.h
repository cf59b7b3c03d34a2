#ifndef GATHER_SERVER_RPC_RPC_SPANS_H_
#define GATHER_SERVER_RPC_RPC_SPANS_H_

#include <grpcpp/support/status.h>

#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "server/async/clock.h"
#include "server/rpc/call_trace.h"
#include "server/rpc/server_call.h"
#include "server/rpc/span.h"

// Spans of RPCs, as OpenTelemetry's semantic conventions (1.37) have them for
// both ends; a sink makes the attributes of a call's method and peer:
// https://opentelemetry.io/docs/specs/semconv/rpc/rpc-spans. Call only where
// the trace is recorded.
//
// Thread: the loop's.
namespace gather::rpc {

// The SERVER span of a call that came to `status`. Codes that are the caller's
// own doing, such as NOT_FOUND, are no errors of it.
void RecordServed(const ServerCall& call, const grpc::Status& status,
                  async::Clock::time_point end);

// An outbound call that has ended.
struct CalledSpan {
  SpanId id = 0;
  SpanId parent = 0;
  std::string_view method;  // "package.Service/Method"
  async::Clock::time_point start{};
  async::Clock::time_point end{};
  const absl::Status& status;
  std::string_view peer;  // as gRPC writes it: "ipv4:10.0.0.7:50053"
  std::span<const SpanAttribute> more = {};
};

// Its CLIENT span.
void RecordCalled(const CallTrace& trace, const CalledSpan& called);

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_RPC_SPANS_H_
