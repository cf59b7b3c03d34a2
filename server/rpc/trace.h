#ifndef GATHER_SERVER_RPC_TRACE_H_
#define GATHER_SERVER_RPC_TRACE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace gather::rpc {

// A span's id: its first byte is the lowest. 0 is none.
using SpanId = uint64_t;
// A trace's id, in the order of its digits.
using TraceId = std::array<uint8_t, 16>;

// The 16 hexadecimal digits of a span's id.
std::string HexOf(SpanId id);

// Makes span and trace ids. Thread: one.
class TraceIds {
 public:
  explicit TraceIds(uint64_t seed) : random_(seed) {}

  // Never 0.
  SpanId NextSpan();

  // Writes lower-case hexadecimal digits, not all of them 0, over the `length`
  // characters at `to`: a multiple of 16.
  void Write(char* to, std::size_t length);

 private:
  std::mt19937_64 random_;
};

// Where a piece of work stands in a trace that spans processes, as the headers
// `traceparent` and `tracestate` of https://www.w3.org/TR/trace-context/ say.
// Kept as the header's text: that is what every call takes in and sends on.
class TraceContext {
 public:
  // None yet: all of it is empty.
  TraceContext() = default;
  // A new trace.
  explicit TraceContext(TraceIds& ids);

  // The trace of a call that came with these headers, with a span of its own. A
  // `traceparent` that is absent or malformed is replaced by a new trace, and
  // takes `trace_state` with it.
  static TraceContext Receive(std::string_view trace_parent,
                              std::string_view trace_state, TraceIds& ids);

  // The header of a child of this piece of work: the same trace, and that span
  // as the parent. Overwrites `header`.
  void WriteChildTraceParent(SpanId child, std::string& header) const;

  // Whether the trace is recorded, as its callers and those that are called are
  // told.
  bool sampled() const;
  void set_sampled(bool sampled);

  // "00-<trace_id>-<span_id>-<flags>".
  const std::string& trace_parent() const { return trace_parent_; }
  // Handed on as it came; may be empty.
  const std::string& trace_state() const { return trace_state_; }
  // Whether a caller sent it: another process may know the trace.
  bool received() const { return parent_ != 0; }
  // 32 hexadecimal digits.
  std::string_view trace_id() const;
  // 16; this piece of work's own.
  std::string_view span_id() const;
  SpanId span() const { return span_; }
  // The caller's span; 0 where it sent none.
  SpanId parent() const { return parent_; }
  TraceId binary_trace_id() const;

 private:
  std::string_view Part(std::size_t at, std::size_t length) const;

  std::string trace_parent_;
  std::string trace_state_;
  SpanId span_ = 0;
  SpanId parent_ = 0;
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_TRACE_H_
