#include "server/ops/spans/span_fields.h"

#include <variant>

#include "opentelemetry/proto/common/v1/common.pb.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"

namespace gather::ops {
namespace {

using google::protobuf::io::CodedOutputStream;
using opentelemetry::proto::common::v1::AnyValue;
using opentelemetry::proto::common::v1::KeyValue;
using ProtoSpan = opentelemetry::proto::trace::v1::Span;

// In bytes: of what is around an attribute's key and value.
constexpr std::size_t kMostAroundAttribute = 32;
constexpr std::size_t kMostAroundName = 8;  // and of the kind

uint64_t KindOf(rpc::Span::Kind kind) {
  switch (kind) {
    case rpc::Span::Kind::kServer:
      return ProtoSpan::SPAN_KIND_SERVER;
    case rpc::Span::Kind::kClient:
      return ProtoSpan::SPAN_KIND_CLIENT;
    case rpc::Span::Kind::kInternal:
      break;
  }
  return ProtoSpan::SPAN_KIND_INTERNAL;
}

}  // namespace

void WriteName(std::string_view name, rpc::Span::Kind kind,
               FieldWriter& writer) {
  writer.Text(ProtoSpan::kNameFieldNumber, name);
  writer.Varint(ProtoSpan::kKindFieldNumber, KindOf(kind));
}

std::size_t MostBytesOfName(std::string_view name) {
  return kMostAroundName + name.size();
}

void WriteAttribute(const rpc::SpanAttribute& attribute, FieldWriter& writer) {
  const auto* const text = std::get_if<std::string_view>(&attribute.value);
  const auto number =
      text != nullptr
          ? uint64_t{0}
          : static_cast<uint64_t>(std::get<int64_t>(attribute.value));
  const std::size_t value = text != nullptr
                                ? SizeOfBytes(text->size())
                                : 1 + CodedOutputStream::VarintSize64(number);
  writer.Length(ProtoSpan::kAttributesFieldNumber,
                SizeOfBytes(attribute.key.size()) + SizeOfBytes(value));
  writer.Text(KeyValue::kKeyFieldNumber, attribute.key);
  writer.Length(KeyValue::kValueFieldNumber, value);
  if (text != nullptr) {
    writer.Text(AnyValue::kStringValueFieldNumber, *text);
  } else {
    writer.Varint(AnyValue::kIntValueFieldNumber, number);
  }
}

std::size_t MostBytesOf(const rpc::SpanAttribute& attribute) {
  const auto* const text = std::get_if<std::string_view>(&attribute.value);
  return kMostAroundAttribute + attribute.key.size() +
         (text != nullptr ? text->size() : 0);
}

}  // namespace gather::ops
