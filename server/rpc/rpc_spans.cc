#include "server/rpc/rpc_spans.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/inlined_vector.h"

namespace gather::rpc {
namespace {

constexpr std::string_view kStatusCode = "rpc.grpc.status_code";

// Which codes of its own answers are a server's errors:
// https://opentelemetry.io/docs/specs/semconv/rpc/grpc.
bool IsServersError(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::UNIMPLEMENTED:
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DATA_LOSS:
      return true;
    default:
      return false;
  }
}

}  // namespace

void RecordServed(const ServerCall& call, const grpc::Status& status,
                  async::Clock::time_point end) {
  const bool failed = IsServersError(status.error_code());
  const std::string message = failed ? status.error_message() : "";
  const SpanAttribute code = {kStatusCode, int64_t{status.error_code()}};
  call.call_trace().Record({.kind = Span::Kind::kServer,
                            .id = call.trace().span(),
                            .parent = call.trace().parent(),
                            .name = call.method(),
                            .start = call.start(),
                            .end = end,
                            .failed = failed,
                            .message = message,
                            .method = call.method(),
                            .peer = call.peer(),
                            .attributes = {&code, 1}});
}

void RecordCalled(const CallTrace& trace, const CalledSpan& called) {
  const absl::string_view message = called.status.message();
  // So many without an allocation.
  absl::InlinedVector<SpanAttribute, 4> attributes;
  attributes.push_back(
      {kStatusCode, static_cast<int64_t>(called.status.raw_code())});
  attributes.insert(attributes.end(), called.more.begin(), called.more.end());
  trace.Record({.kind = Span::Kind::kClient,
                .id = called.id,
                .parent = called.parent,
                .name = called.method,
                .start = called.start,
                .end = called.end,
                .failed = !called.status.ok(),
                .message = {message.data(), message.size()},
                .method = called.method,
                .peer = called.peer,
                .attributes = attributes});
}

}  // namespace gather::rpc
