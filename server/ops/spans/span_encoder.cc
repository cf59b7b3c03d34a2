#include "server/ops/spans/span_encoder.h"

#include <array>
#include <cstddef>
#include <string>

#include "opentelemetry/proto/trace/v1/trace.pb.h"
#include "server/ops/log/log_escape.h"
#include "server/ops/spans/span_fields.h"

namespace gather::ops {
namespace {

using opentelemetry::proto::trace::v1::ScopeSpans;
using opentelemetry::proto::trace::v1::Status;
using ProtoSpan = opentelemetry::proto::trace::v1::Span;

// In bytes: of a tag and a length; of all of a span that has one size.
constexpr std::size_t kMostOfHeader = 6;
constexpr std::size_t kMostOfFixed = 160;

// Of what went wrong, in bytes.
constexpr std::size_t kMostOfMessage = 256;

void WriteSpanId(int field, rpc::SpanId id, FieldWriter& writer) {
  std::array<uint8_t, sizeof(id)> bytes;
  for (uint8_t& byte : bytes) {
    byte = static_cast<uint8_t>(id & 0xff);
    id >>= 8;
  }
  writer.Bytes(field, bytes.data(), bytes.size());
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
                      std::string_view message, std::string_view of_call) {
  std::size_t bytes = kMostOfHeader + kMostOfFixed + trace_state.size() +
                      span.name.size() + message.size() + of_call.size();
  for (const rpc::SpanAttribute& attribute : span.attributes) {
    bytes += MostBytesOf(attribute);
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
  const std::string_view of_call =
      span.method.empty() ? std::string_view() : call_attributes_.Of(span);
  const std::size_t most =
      MostBytes(trace.trace_state(), span, message, of_call);
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
  writer.Raw(of_call);
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
