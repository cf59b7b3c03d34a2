#ifndef GATHER_SERVER_RPC_SPAN_H_
#define GATHER_SERVER_RPC_SPAN_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

#include "server/async/clock.h"
#include "server/rpc/trace.h"

namespace gather::rpc {

// A word on a span. `key` is one of OpenTelemetry's semantic conventions, or
// begins with "gather.".
struct SpanAttribute {
  std::string_view key;
  std::variant<std::string_view, int64_t> value;
};

// A piece of work of a trace that has ended, as OpenTelemetry has it. Owns
// nothing: it lives as long as the call that hands it over.
struct Span {
  enum class Kind : uint8_t { kInternal, kServer, kClient };

  Kind kind = Kind::kInternal;
  SpanId id = 0;
  SpanId parent = 0;           // 0 where it is the trace's first
  std::string_view name = {};  // a call's is its method
  async::Clock::time_point start{};
  async::Clock::time_point end{};
  // Whether it is an error, and why: any bytes.
  bool failed = false;
  std::string_view message = {};
  // Of a call: what each has, by the semantic conventions.
  std::string_view method = {};  // "package.Service/Method"
  std::string_view peer = {};    // as gRPC writes it: "ipv4:10.0.0.7:50053"
  int code = 0;                  // what it came to: a grpc::StatusCode
  // Besides.
  std::span<const SpanAttribute> attributes = {};
};

// Where spans go. A server without one records nothing.
//
// Thread: any of the server's loops, so an implementation must not block.
// Lifetime: outlives the server.
class SpanSink {
 public:
  virtual ~SpanSink() = default;
  // Whether what belongs to the trace is recorded here, and by those that are
  // called. trace.sampled() is what the caller wants, if trace.received().
  virtual bool Samples(const TraceContext& trace) const = 0;
  // `loop_index` is that of the calling loop, from 0. `trace_id` is that of
  // `trace`.
  virtual void Record(int loop_index, const TraceContext& trace,
                      const TraceId& trace_id, const Span& span) noexcept = 0;
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_SPAN_H_
