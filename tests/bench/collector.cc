// A collector of OpenTelemetry that takes all spans and forgets them: see
// spans.sh.

#include <grpcpp/server_builder.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"
#include "tests/bench/contenders/common.h"

namespace gather::bench {
namespace {

namespace collector = opentelemetry::proto::collector::trace::v1;

class Service final : public collector::TraceService::Service {
 public:
  grpc::Status Export(grpc::ServerContext*,
                      const collector::ExportTraceServiceRequest*,
                      collector::ExportTraceServiceResponse*) override {
    return grpc::Status::OK;
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
