#include "client/failure.h"

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/text.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/support/status.h"

namespace gather::client {
namespace {

constexpr int kMaxReasonColumns = 64;

std::string CodeName(const grpc::Status& status) {
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  const std::string name = absl::StatusCodeToString(code);
  return name.empty() ? absl::StrCat("code ", status.error_code()) : name;
}

// The reason in the status' details, empty where there is none.
std::string ReasonOf(const grpc::Status& status) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return "";
  for (const auto& detail : details.details()) {
    google::rpc::ErrorInfo info;
    if (detail.Is<google::rpc::ErrorInfo>() && detail.UnpackTo(&info)) {
      return info.reason();
    }
  }
  return "";
}

// What to look at where no connection came about. gRPC has no code for it, only
// words; those of a call that broke later do not begin like this, and say
// "Socket closed" too.
std::string HintFor(const grpc::Status& status, const CallTarget& target) {
  const std::string message = status.error_message();
  const auto says = [&](std::string_view words) {
    return message.find(words) != std::string::npos;
  };
  if (status.error_code() != grpc::StatusCode::UNAVAILABLE ||
      !says("failed to connect")) {
    return "";
  }
  const bool closed = says("Socket closed") || says("Connection reset");
  if (!target.tls) {
    return closed ? "is the server using TLS? see --tls_ca" : "";
  }
  if (says("wrong version number") || says("WRONG_VERSION_NUMBER")) {
    return "the server may not be using TLS: leave out --tls_ca";
  }
  return closed && !target.certificate
             ? "does the server ask for a certificate? see --tls_cert"
             : "";
}

// A server of gRPC in C++ says nothing of a method that it has not.
std::string MessageOf(const grpc::Status& status) {
  if (!status.error_message().empty()) {
    return EscapeControl(status.error_message());
  }
  return status.error_code() == grpc::StatusCode::UNIMPLEMENTED
             ? "the server has no such method"
             : "the server gave no reason";
}

}  // namespace

std::string DescribeFailure(const grpc::Status& status,
                            const CallTarget& target) {
  std::string out = absl::StrCat(CodeName(status), ": ", MessageOf(status));
  if (const std::string reason = ReasonOf(status); !reason.empty()) {
    absl::StrAppend(&out, " [", ShortenEscaped(reason, kMaxReasonColumns), "]");
  }
  absl::StrAppend(&out, " (", EscapeControl(target.server), ")");
  if (const std::string hint = HintFor(status, target); !hint.empty()) {
    absl::StrAppend(&out, "; ", hint);
  }
  return out;
}

}  // namespace gather::client
