#include "server/rpc/call_trace.h"

#include <utility>

namespace gather::rpc {

void CallTrace::Begin(TraceContext context, SpanSink* sink) {
  context_ = std::move(context);
  if (sink == nullptr) return;
  context_.set_sampled(sink->Samples(context_));
  if (!context_.sampled()) return;
  sink_ = sink;
  trace_id_ = context_.binary_trace_id();
}

SpanId CallTrace::Propagate(grpc::ClientContext& call) {
  const SpanId span = ids_.NextSpan();
  context_.WriteChildTraceParent(span, trace_parent_);
  call.AddMetadata("traceparent", trace_parent_);
  if (!context_.trace_state().empty()) {
    call.AddMetadata("tracestate", context_.trace_state());
  }
  return span;
}

}  // namespace gather::rpc
