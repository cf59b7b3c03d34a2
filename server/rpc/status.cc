#include "server/rpc/status.h"

#include <optional>
#include <utility>

#include "absl/strings/cord.h"

namespace gather::rpc {
namespace {

constexpr char kReasonUrl[] = "type.gather.dev/reason";

}  // namespace

absl::Status ToAbsl(const grpc::Status& status) {
  const int code = status.error_code();
  const bool canonical = code >= 0 && code <= grpc::UNAUTHENTICATED;
  return absl::Status(canonical ? static_cast<absl::StatusCode>(code)
                                : absl::StatusCode::kUnknown,
                      status.error_message());
}

grpc::Status ToGrpc(const absl::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      std::string(status.message()));
}

absl::Status WithReason(absl::Status status, std::string_view reason) {
  status.SetPayload(
      kReasonUrl, absl::Cord(absl::string_view(reason.data(), reason.size())));
  return status;
}

std::string ReasonOf(const absl::Status& status) {
  return std::string(status.GetPayload(kReasonUrl).value_or(absl::Cord()));
}

}  // namespace gather::rpc
