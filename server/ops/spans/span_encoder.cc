#include "server/ops/spans/span_encoder.h"

#include <array>
#include <cstddef>
#include <string>
#include <variant>

#include "google/protobuf/io/coded_stream.h"
#include "opentelemetry/proto/common/v1/common.pb.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"
#include "server/ops/log/log_escape.h"

namespace gather::ops {
namespace {

using google::protobuf::io::CodedOutputStream;
using opentelemetry::proto::common::v1::AnyValue;
using opentelemetry::proto::common::v1::KeyValue;
using opentelemetry::proto::trace::v1::ScopeSpans;
using opentelemetry::proto::trace::v1::Status;
using ProtoSpan = opentelemetry::proto::trace::v1::Span;

// Types of fields: https://protobuf.dev/programming-guides/encoding.
constexpr uint32_t kVarint = 0;
constexpr uint32_t kFixed64 = 1;
constexpr uint32_t kBytes = 2;

// In bytes: of a tag and a length; of all of a span that has one size; of what
// is around an attribute's key and value.
constexpr std::size_t kMostOfHeader = 6;
constexpr std::size_t kMostOfFixed = 160;
constexpr std::size_t kMostAroundAttribute = 32;

// Of what went wrong, in bytes.
constexpr std::size_t kMostOfMessage = 256;

std::size_t SizeOfBytes(std::size_t length) {
  return 1 + CodedOutputStream::VarintSize32(static_cast<uint32_t>(length)) +
         length;
}

// Writes fields, one after the other, into memory that is there.
class FieldWriter {
 public:
  explicit FieldWriter(uint8_t* to) : to_(to) {}

  void Varint(int field, uint64_t value) {
    Tag(field, kVarint);
    to_ = CodedOutputStream::WriteVarint64ToArray(value, to_);
  }
  void Fixed64(int field, uint64_t value) {
    Tag(field, kFixed64);
    to_ = CodedOutputStream::WriteLittleEndian64ToArray(value, to_);
  }
  // The header of a string, of bytes or of a message, which is to follow.
  void Length(int field, std::size_t length) {
    Tag(field, kBytes);
    to_ = CodedOutputStream::WriteVarint32ToArray(static_cast<uint32_t>(length),
                                                  to_);
  }
  void Bytes(int field, const void* bytes, std::size_t length) {
    Length(field, length);
    if (length == 0) return;  // `bytes` may be null then
    to_ = CodedOutputStream::WriteRawToArray(bytes, static_cast<int>(length),
                                             to_);
  }
  void Text(int field, std::string_view text) {
    Bytes(field, text.data(), text.size());
  }

  uint8_t* end() const { return to_; }

 private:
  // All fields here are below 16: a byte each.
  void Tag(int field, uint32_t type) {
    *to_++ = static_cast<uint8_t>(static_cast<uint32_t>(field) << 3 | type);
  }

  uint8_t* to_;
};

void WriteSpanId(int field, rpc::SpanId id, FieldWriter& writer) {
  std::array<uint8_t, sizeof(id)> bytes;
  for (uint8_t& byte : bytes) {
    byte = static_cast<uint8_t>(id & 0xff);
    id >>= 8;
  }
  writer.Bytes(field, bytes.data(), bytes.size());
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

void WriteError(std::string_view message, FieldWriter& writer) {
  const std::size_t code = 2;  // a tag and one byte
  writer.Length(ProtoSpan::kStatusFieldNumber,
                SizeOfBytes(message.size()) + code);
  writer.Text(Status::kMessageFieldNumber, message);
  writer.Varint(Status::kCodeFieldNumber, Status::STATUS_CODE_ERROR);
}

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

uint64_t UnixNanos(async::Clock::time_point when,
                   std::chrono::nanoseconds wall_offset) {
  return static_cast<uint64_t>(
      (std::chrono::nanoseconds(when.time_since_epoch()) + wall_offset)
          .count());
}

// What a peer said may be any bytes, and a text that is not UTF-8 would cost
// the whole batch.
std::string Readable(std::string_view message) {
  std::string text;
  AppendPlainText(text, message.substr(0, kMostOfMessage));
  return text;
}

std::size_t MostBytes(std::string_view trace_state, const rpc::Span& span,
                      std::string_view message) {
  std::size_t bytes = kMostOfHeader + kMostOfFixed + trace_state.size() +
                      span.name.size() + message.size();
  for (const rpc::SpanAttribute& attribute : span.attributes) {
    const auto* const text = std::get_if<std::string_view>(&attribute.value);
    bytes += kMostAroundAttribute + attribute.key.size() +
             (text != nullptr ? text->size() : 0);
  }
  return bytes;
}

}  // namespace

std::string_view SpanEncoder::Encode(const rpc::TraceContext& trace,
                                     const rpc::TraceId& trace_id,
                                     const rpc::Span& span,
                                     std::chrono::nanoseconds wall_offset) {
  const std::string message =
      span.failed ? Readable(span.message) : std::string();
  const std::size_t most = MostBytes(trace.trace_state(), span, message);
  if (buffer_.size() < most) buffer_.resize(most);

  uint8_t* const body = buffer_.data() + kMostOfHeader;
  FieldWriter writer(body);
  writer.Bytes(ProtoSpan::kTraceIdFieldNumber, trace_id.data(),
               trace_id.size());
  WriteSpanId(ProtoSpan::kSpanIdFieldNumber, span.id, writer);
  if (!trace.trace_state().empty()) {
    writer.Text(ProtoSpan::kTraceStateFieldNumber, trace.trace_state());
  }
  if (span.parent != 0) {
    WriteSpanId(ProtoSpan::kParentSpanIdFieldNumber, span.parent, writer);
  }
  writer.Text(ProtoSpan::kNameFieldNumber, span.name);
  writer.Varint(ProtoSpan::kKindFieldNumber, KindOf(span.kind));
  writer.Fixed64(ProtoSpan::kStartTimeUnixNanoFieldNumber,
                 UnixNanos(span.start, wall_offset));
  writer.Fixed64(ProtoSpan::kEndTimeUnixNanoFieldNumber,
                 UnixNanos(span.end, wall_offset));
  for (const rpc::SpanAttribute& attribute : span.attributes) {
    WriteAttribute(attribute, writer);
  }
  if (span.failed) WriteError(message, writer);

  // Its length is known only now: the header goes right before it.
  const auto length = static_cast<std::size_t>(writer.end() - body);
  uint8_t* const begin = body - (SizeOfBytes(length) - length);
  FieldWriter(begin).Length(ScopeSpans::kSpansFieldNumber, length);
  return {reinterpret_cast<const char*>(begin),
          static_cast<std::size_t>(writer.end() - begin)};
}

}  // namespace gather::ops
