#include "server/rpc/rpc_spans.h"

#include <string>

#include "absl/strings/string_view.h"

namespace gather::rpc {
namespace {

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
  call.call_trace().Record({.kind = Span::Kind::kServer,
                            .id = call.trace().span(),
                            .parent = call.trace().parent(),
                            .start = call.start(),
                            .end = end,
                            .failed = failed,
                            .message = message,
                            .method = call.method(),
                            .peer = call.peer(),
                            .code = status.error_code()});
}

void RecordCalled(const CallTrace& trace, const CalledSpan& called) {
  const absl::string_view message = called.status.message();
  trace.Record({.kind = Span::Kind::kClient,
                .id = called.id,
                .parent = called.parent,
                .start = called.start,
                .end = called.end,
                .failed = !called.status.ok(),
                .message = {message.data(), message.size()},
                .method = called.method,
                .peer = called.peer,
                .code = called.status.raw_code(),
                .attributes = called.more});
}

}  // namespace gather::rpc
