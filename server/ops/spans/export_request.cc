#include "server/ops/spans/export_request.h"

#include <grpcpp/support/slice.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "google/protobuf/io/coded_stream.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"

namespace gather::ops {
namespace {

using google::protobuf::io::CodedOutputStream;
using opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
using opentelemetry::proto::common::v1::AnyValue;
using opentelemetry::proto::resource::v1::Resource;
using opentelemetry::proto::trace::v1::ResourceSpans;
using opentelemetry::proto::trace::v1::ScopeSpans;

constexpr char kSchemaUrl[] = "https://opentelemetry.io/schemas/1.37.0";

AnyValue* Add(const char* key, Resource& resource) {
  auto* attribute = resource.add_attributes();
  attribute->set_key(key);
  return attribute->mutable_value();
}

// "field: a message of so many bytes", without these.
std::string Header(int field, std::size_t length) {
  constexpr int kLengthDelimited = 2;
  std::array<uint8_t, 10> header;
  uint8_t* end = CodedOutputStream::WriteTagToArray(
      static_cast<uint32_t>(field << 3 | kLengthDelimited), header.data());
  end = CodedOutputStream::WriteVarint32ToArray(static_cast<uint32_t>(length),
                                                end);
  return std::string(header.data(), end);
}

// Owned by the slice, for as long as gRPC needs it: also after the call's end,
// where it was cancelled.
grpc::Slice SliceOf(std::string bytes) {
  auto owned = std::make_unique<std::string>(std::move(bytes));
  std::string& text = *owned;
  return grpc::Slice(
      text.data(), text.size(),
      [](void* string) {
        const std::unique_ptr<std::string> end(
            static_cast<std::string*>(string));
      },
      owned.release());
}

}  // namespace

ExportRequest::ExportRequest(const std::string& service_name) {
  ResourceSpans of_process;
  Resource& resource = *of_process.mutable_resource();
  Add("service.name", resource)->set_string_value(service_name);
  Add("service.version", resource)->set_string_value(GATHER_VERSION);
  std::array<char, 256> host = {};
  if (gethostname(host.data(), host.size() - 1) == 0) {
    Add("host.name", resource)->set_string_value(host.data());
  }
  Add("process.pid", resource)->set_int_value(getpid());
  of_process.set_schema_url(kSchemaUrl);
  resource_ = of_process.SerializeAsString();

  ScopeSpans of_scope;
  of_scope.mutable_scope()->set_name("gather");
  of_scope.mutable_scope()->set_version(GATHER_VERSION);
  scope_ = of_scope.SerializeAsString();
}

grpc::ByteBuffer ExportRequest::Make(SpanBatch batch) const {
  const std::string scope_header = Header(ResourceSpans::kScopeSpansFieldNumber,
                                          scope_.size() + batch.bytes.size());
  const std::string resource_header =
      Header(ExportTraceServiceRequest::kResourceSpansFieldNumber,
             resource_.size() + scope_header.size() + scope_.size() +
                 batch.bytes.size());
  const std::array<grpc::Slice, 2> slices = {
      SliceOf(resource_header + resource_ + scope_header + scope_),
      SliceOf(std::move(batch.bytes))};
  return grpc::ByteBuffer(slices.data(), slices.size());
}

}  // namespace gather::ops
