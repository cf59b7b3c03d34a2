#ifndef GATHER_SERVER_RPC_CALL_TRACE_H_
#define GATHER_SERVER_RPC_CALL_TRACE_H_

#include <grpcpp/client_context.h>

#include <string>

#include "server/rpc/span.h"
#include "server/rpc/trace.h"

namespace gather::rpc {

// A call's place in its trace, and where the spans of its work are recorded, if
// they are. Work that several calls share can have one of its own.
//
// Thread: the loop's. Lifetime: what it is given outlives it.
class CallTrace {
 public:
  // `loop_index` is that of the server's loop.
  CallTrace(TraceIds& ids, int loop_index)
      : ids_(ids), loop_index_(loop_index) {}

  // A null `sink` records nothing, and hands the caller's wish on.
  void Begin(TraceContext context, SpanSink* sink);

  const TraceContext& context() const { return context_; }
  // Whether what is given to Record() goes anywhere.
  bool recording() const { return sink_ != nullptr; }

  // The id of a span that begins now; 0 where none is recorded.
  SpanId NextSpan() { return recording() ? ids_.NextSpan() : 0; }
  // Has an outbound call be a span of this trace, and gives its id: that is the
  // parent of what the other side does.
  SpanId Propagate(grpc::ClientContext& call);

  // Only where recording().
  void Record(const Span& span) const {
    sink_->Record(loop_index_, context_, trace_id_, span);
  }

 private:
  TraceIds& ids_;
  const int loop_index_;
  TraceContext context_;
  std::string trace_parent_;  // of the last outbound call, for its memory
  SpanSink* sink_ = nullptr;
  TraceId trace_id_;  // only where recording
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_CALL_TRACE_H_
