// A collector of OpenTelemetry that takes all spans and does not read them: see
// spans.sh. What one does with them is not to take part in what is measured on
// the same machine.

#include <grpcpp/server_builder.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>
#include <grpcpp/support/slice.h>
#include <grpcpp/support/status.h>

#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"
#include "tests/bench/contenders/common.h"

namespace gather::bench {
namespace {

namespace collector = opentelemetry::proto::collector::trace::v1;

class Service final
    : public collector::TraceService::WithRawCallbackMethod_Export<
          collector::TraceService::Service> {
 public:
  grpc::ServerUnaryReactor* Export(grpc::CallbackServerContext* context,
                                   const grpc::ByteBuffer*,
                                   grpc::ByteBuffer* response) override {
    const grpc::Slice empty;
    *response = grpc::ByteBuffer(&empty, 1);
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

}  // namespace
}  // namespace gather::bench

int main(int argc, char** argv) {
  gather::bench::Begin(argc, argv);
  gather::bench::Service service;
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  return gather::bench::Serve(builder);
}
