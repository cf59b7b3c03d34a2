#ifndef GATHER_SERVER_RPC_TRACE_H_
#define GATHER_SERVER_RPC_TRACE_H_

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace gather::rpc {

// Makes span and trace ids. Thread: one.
class TraceIds {
 public:
  explicit TraceIds(uint64_t seed) : random_(seed) {}

  // `digits` lower-case hexadecimal digits, not all of them 0; a multiple of
  // 16.
  std::string Make(int digits);

 private:
  std::mt19937_64 random_;
};

// Where a piece of work stands in a trace that spans processes, as the headers
// `traceparent` and `tracestate` of https://www.w3.org/TR/trace-context/ say.
struct TraceContext {
  std::string trace_id;     // 32 hexadecimal digits
  std::string span_id;      // 16; this piece of work's own
  std::string flags;        // 2
  std::string trace_state;  // handed on as it came; may be empty

  // The header's value: "00-<trace_id>-<span_id>-<flags>".
  std::string TraceParent() const;

  // The same trace, with a span of its own.
  TraceContext Child(TraceIds& ids) const;
};

// The context of a call that came with these headers, with a span of its own. A
// `traceparent` that is absent or malformed is replaced by a new trace, and
// takes `trace_state` with it.
TraceContext ReceiveTrace(std::string_view trace_parent,
                          std::string_view trace_state, TraceIds& ids);

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_TRACE_H_
