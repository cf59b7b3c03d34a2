#include "server/ops/request_log.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/async/clock.h"

namespace gather::ops {
namespace {

LogLevel LevelFor(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::DATA_LOSS:
      return LogLevel::kError;
    default:
      return LogLevel::kInfo;
  }
}

}  // namespace

void RequestLog::OnEnd(const rpc::ServerCall& call,
                       const grpc::Status& status) {
  const LogLevel level = LevelFor(status.error_code());
  if (!logger_.Enabled(level)) return;
  const std::string code = absl::StatusCodeToString(
      static_cast<absl::StatusCode>(status.error_code()));
  std::vector<Field> fields = {
      {"method", std::string_view(call.method())},
      {"peer", std::string_view(call.peer())},
      {"code", code},
      {"duration", absl::FromChrono(async::Clock::now() - call.start())},
      {"trace_id", call.trace().trace_id},
      {"span_id", call.trace().span_id}};
  const std::string error = status.error_message();
  if (!status.ok()) fields.emplace_back("error", error);
  for (const auto& [key, value] : call.notes()) fields.emplace_back(key, value);
  logger_.Log(level, "request", fields);
}

}  // namespace gather::ops
