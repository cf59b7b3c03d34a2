#ifndef GATHER_SERVER_OPS_SPANS_EXPORT_REQUEST_H_
#define GATHER_SERVER_OPS_SPANS_EXPORT_REQUEST_H_

#include <grpcpp/support/byte_buffer.h>

#include <string>

#include "server/ops/spans/span_queue.h"

namespace gather::ops {

// Makes an opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest of
// spans that are encoded already: what is said of this process goes before
// them, and they are not copied.
//
// Thread: any.
class ExportRequest {
 public:
  // `service_name` is what this process is called in the traces.
  explicit ExportRequest(const std::string& service_name);

  grpc::ByteBuffer Make(SpanBatch batch) const;

 private:
  std::string resource_;  // of a ResourceSpans
  std::string scope_;     // of a ScopeSpans
};

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_SPANS_EXPORT_REQUEST_H_
