#ifndef GATHER_SERVER_OPS_SPANS_SPAN_ENCODER_H_
#define GATHER_SERVER_OPS_SPANS_SPAN_ENCODER_H_

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "server/ops/spans/call_attributes.h"
#include "server/rpc/span.h"

namespace gather::ops {

// Writes spans as OTLP has them on the wire. By hand, since a loop does it for
// each span: a message of Protobuf would take a dozen allocations, and be
// walked twice (decisions/0030-spans.md). The numbers of fields are those of
// the generated classes.
//
// Thread: one.
class SpanEncoder {
 public:
  // A field `spans` of opentelemetry.proto.trace.v1.ScopeSpans: its tag, its
  // length, and the span. Valid until the next. `wall_offset` is what is to be
  // added to async::Clock to have the time since 1970.
  std::string_view Encode(const rpc::TraceContext& trace,
                          const rpc::TraceId& trace_id, const rpc::Span& span,
                          std::chrono::nanoseconds wall_offset);

 private:
  CallAttributes call_attributes_;
  std::vector<uint8_t> buffer_;
};

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_SPANS_SPAN_ENCODER_H_
