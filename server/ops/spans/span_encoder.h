#ifndef GATHER_SERVER_OPS_SPANS_SPAN_ENCODER_H_
#define GATHER_SERVER_OPS_SPANS_SPAN_ENCODER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "server/ops/spans/call_fields.h"
#include "server/rpc/span.h"

namespace gather::ops {

// Writes spans as OTLP has them on the wire, one after the other. By hand,
// since a loop does it for each span: a message of Protobuf would take a dozen
// allocations, and be walked twice (decisions/0030-spans.md). The numbers of
// fields are those of the generated classes.
//
// Thread: one.
class SpanEncoder {
 public:
  // Adds a field `spans` of opentelemetry.proto.trace.v1.ScopeSpans: its tag,
  // its length, and the span. `wall_offset` is what is to be added to
  // async::Clock to have the time since 1970. Where it throws, nothing is
  // added.
  void Add(const rpc::TraceContext& trace, const rpc::TraceId& trace_id,
           const rpc::Span& span, std::chrono::nanoseconds wall_offset);

  // What has been added since the last Clear(). Valid until the next Add()
  // or Clear().
  std::string_view bytes() const {
    return {reinterpret_cast<const char*>(buffer_.data()), size_};
  }
  uint64_t spans() const { return spans_; }
  void Clear() { size_ = spans_ = 0; }

 private:
  CallFields call_fields_;
  std::vector<uint8_t> buffer_;
  std::size_t size_ = 0;  // of what is in it
  uint64_t spans_ = 0;
};

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_SPANS_SPAN_ENCODER_H_
