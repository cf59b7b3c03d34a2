#include "server/ops/spans/span_encoder.h"

#include <cstddef>
#include <cstring>
#include <string>

#include "opentelemetry/proto/trace/v1/trace.pb.h"
#include "server/ops/log/log_escape.h"
#include "server/ops/spans/span_fields.h"

namespace gather::ops {
namespace {

using opentelemetry::proto::trace::v1::ScopeSpans;
using opentelemetry::proto::trace::v1::Status;
using ProtoSpan = opentelemetry::proto::trace::v1::Span;

// In bytes. A span's header is its tag and its length, most of which take two.
constexpr std::size_t kUsualHeader = 3;
constexpr std::size_t kMostOfHeader = 6;
// What is of one size in all spans.
constexpr std::size_t kMostOfFixed = 160;

// Of what went wrong, in bytes.
constexpr std::size_t kMostOfMessage = 256;

void WriteError(std::string_view message, FieldWriter& writer) {
  const std::size_t code = 2;  // a tag and one byte
  writer.Length(ProtoSpan::kStatusFieldNumber,
                SizeOfBytes(message.size()) + code);
  writer.Text(Status::kMessageFieldNumber, message);
  writer.Varint(Status::kCodeFieldNumber, Status::STATUS_CODE_ERROR);
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
                      MostBytesOfName(span.name) + message.size() +
                      of_call.size();
  for (const rpc::SpanAttribute& attribute : span.attributes) {
    bytes += MostBytesOf(attribute);
  }
  return bytes;
}

}  // namespace

void SpanEncoder::Add(const rpc::TraceContext& trace,
                      const rpc::TraceId& trace_id, const rpc::Span& span,
                      std::chrono::nanoseconds wall_offset) {
  const std::string message =
      span.failed ? Readable(span.message) : std::string();
  const std::string_view of_call =
      span.method.empty() ? std::string_view() : call_fields_.Of(span);
  const std::size_t most =
      size_ + MostBytes(trace.trace_state(), span, message, of_call);
  if (buffer_.size() < most) buffer_.resize(most);

  uint8_t* const header = buffer_.data() + size_;
  uint8_t* const body = header + kUsualHeader;
  FieldWriter writer(body);
  writer.Bytes(ProtoSpan::kTraceIdFieldNumber, trace_id.data(),
               trace_id.size());
  writer.EightBytes(ProtoSpan::kSpanIdFieldNumber, span.id);
  if (!trace.trace_state().empty()) {
    writer.Text(ProtoSpan::kTraceStateFieldNumber, trace.trace_state());
  }
  if (span.parent != 0) {
    writer.EightBytes(ProtoSpan::kParentSpanIdFieldNumber, span.parent);
  }
  writer.Fixed64(ProtoSpan::kStartTimeUnixNanoFieldNumber,
                 UnixNanos(span.start, wall_offset));
  writer.Fixed64(ProtoSpan::kEndTimeUnixNanoFieldNumber,
                 UnixNanos(span.end, wall_offset));
  if (of_call.empty()) {
    WriteName(span.name, span.kind, writer);
  } else {
    writer.Raw(of_call);
  }
  for (const rpc::SpanAttribute& attribute : span.attributes) {
    WriteAttribute(attribute, writer);
  }
  if (span.failed) WriteError(message, writer);

  // Its length is known only now.
  const auto length = static_cast<std::size_t>(writer.end() - body);
  const std::size_t whole = SizeOfBytes(length);
  if (const std::size_t of_header = whole - length; of_header != kUsualHeader) {
    std::memmove(header + of_header, body, length);
  }
  FieldWriter(header).Length(ScopeSpans::kSpansFieldNumber, length);
  size_ += whole;
  ++spans_;
}

}  // namespace gather::ops
