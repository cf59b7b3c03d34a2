#include "server/ops/log/request_log.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/async/clock.h"
#include "server/ops/log/log_escape.h"

namespace gather::ops {
namespace {

// What is the caller's own fault, or its wish, is no trouble.
LogLevel LevelFor(const rpc::ServerCall& call, grpc::StatusCode code) {
  // CANCELLED as well, but a caller that holds memory is worth a look.
  if (call.stop_cause() == rpc::StopCause::kSendTimeout) {
    return LogLevel::kWarning;
  }
  switch (code) {
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::DATA_LOSS:
      return LogLevel::kError;
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return LogLevel::kWarning;
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::NOT_FOUND:
      return LogLevel::kInfo;
    default:
      return call.has_error_log_field() ? LogLevel::kWarning : LogLevel::kInfo;
  }
}

class ToField {
 public:
  explicit ToField(std::string_view key) : key_(key) {}
  Field operator()(std::string_view value) const { return {key_, value}; }
  Field operator()(async::Clock::duration value) const {
    return {key_, absl::FromChrono(value)};
  }

 private:
  std::string_view key_;
};

// What two failures are equal by: not what a backend said, nor how long it
// took.
std::string KindOf(const rpc::ServerCall& call, const grpc::Status& status) {
  std::string kind = absl::StrCat(call.method(), " ", status.error_code());
  for (const auto& [key, value] : call.log_fields()) {
    const auto* const word = std::get_if<std::string_view>(&value);
    if (word != nullptr) {
      absl::StrAppend(&kind, " ", std::string(key), "=", std::string(*word));
    }
  }
  return kind;
}

}  // namespace

bool IsSampled(std::string_view trace_id, uint32_t sample) {
  if (sample <= 1) return sample == 1;
  // The right end is random also where the rest of an id is not:
  // https://www.w3.org/TR/trace-context/#randomness-of-trace-id.
  constexpr std::size_t kDigits = 8;
  const std::string_view end =
      trace_id.substr(trace_id.size() - std::min(trace_id.size(), kDigits));
  uint32_t number = 0;
  std::from_chars(end.data(), end.data() + end.size(), number, 16);
  return number % sample == 0;
}

std::optional<uint64_t> RequestLog::Wanted(const rpc::ServerCall& call,
                                           const grpc::Status& status,
                                           LogLevel level) {
  if (!logger_.Enabled(level)) return std::nullopt;
  const bool well = status.ok() && !call.has_error_log_field();
  if (!well) return failures_.Pass(KindOf(call, status), async::Clock::now());
  if (!IsSampled(call.trace().trace_id(), options_.sample)) return std::nullopt;
  return 0;
}

void RequestLog::OnEnd(const rpc::ServerCall& call,
                       const grpc::Status& status) {
  const LogLevel level = LevelFor(call, status.error_code());
  // Nothing is formatted before this.
  const std::optional<uint64_t> skipped = Wanted(call, status, level);
  if (!skipped) return;
  const std::string code = absl::StatusCodeToString(
      static_cast<absl::StatusCode>(status.error_code()));
  const std::string peer = ReadablePeer(call.peer());
  constexpr std::size_t kOwnFields = 9;  // with all that not every line has
  std::vector<Field> fields;
  fields.reserve(kOwnFields + call.log_fields().size());
  fields = {{"method", std::string_view(call.method())},
            {"peer", peer},
            {"code", code},
            {"duration", absl::FromChrono(async::Clock::now() - call.start())},
            {"trace_id", call.trace().trace_id()},
            {"span_id", call.trace().span_id()}};
  const std::string parent = call.trace().received()
                                 ? rpc::HexOf(call.trace().parent())
                                 : std::string();
  if (!parent.empty()) fields.emplace_back("parent_span_id", parent);
  const std::string error = status.error_message();
  if (!status.ok()) fields.emplace_back("error", error);
  for (const auto& [key, value] : call.log_fields()) {
    fields.push_back(std::visit(ToField(key), value));
  }
  if (*skipped > 0) fields.emplace_back("skipped", *skipped);
  logger_.Log(level, "request", fields);
}

}  // namespace gather::ops
