#include "server/rpc/status.h"

#include <chrono>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/util/time_util.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace gather::rpc {
namespace {

constexpr char kTypeUrlPrefix[] = "type.googleapis.com/";

// The trailer's content; empty where there are no details.
std::string EncodeDetails(const absl::Status& status) {
  google::rpc::Status encoded;
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& value) {
    if (!absl::StartsWith(url, kTypeUrlPrefix)) return;
    google::protobuf::Any& detail = *encoded.add_details();
    detail.set_type_url(std::string(url));
    detail.set_value(std::string(value));
  });
  if (encoded.details().empty()) return "";
  encoded.set_code(static_cast<int>(status.code()));
  encoded.set_message(std::string(status.message()));
  return encoded.SerializeAsString();
}

}  // namespace

absl::Status ToAbsl(const grpc::Status& status) {
  const int code = status.error_code();
  const bool canonical = code >= 0 && code <= grpc::UNAUTHENTICATED;
  return absl::Status(canonical ? static_cast<absl::StatusCode>(code)
                                : absl::StatusCode::kUnknown,
                      status.error_message());
}

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      std::string(status.message()), EncodeDetails(status));
}

std::string TextOf(const absl::Status& status) {
  const std::string code = absl::StatusCodeToString(status.code());
  return status.message().empty() ? code
                                  : absl::StrCat(code, ": ", status.message());
}

void AddDetail(const google::protobuf::Message& detail, absl::Status* status) {
  const std::string bytes = detail.SerializeAsString();
  // Of a view: Cord's constructor for a string is a template that Clang gives
  // another name than the GCC that Debian's library was built with.
  status->SetPayload(
      absl::StrCat(kTypeUrlPrefix, detail.GetDescriptor()->full_name()),
      absl::Cord(absl::string_view(bytes)));
}

absl::Status WithErrorInfo(absl::Status status, std::string_view reason,
                           std::string_view domain,
                           const std::map<std::string, std::string>& metadata) {
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(reason));
  info.set_domain(std::string(domain));
  for (const auto& [key, value] : metadata) {
    (*info.mutable_metadata())[key] = value;
  }
  AddDetail(info, &status);
  return status;
}

absl::Status WithRetryDelay(absl::Status status,
                            async::Clock::duration retry_delay) {
  google::rpc::RetryInfo info;
  *info.mutable_retry_delay() =
      google::protobuf::util::TimeUtil::NanosecondsToDuration(
          std::chrono::nanoseconds(retry_delay).count());
  AddDetail(info, &status);
  return status;
}

absl::Status InvalidField(std::string_view field, std::string_view why) {
  const std::string name(field);
  const std::string reason(why);
  absl::Status status =
      absl::InvalidArgumentError(absl::StrCat(name, ": ", reason));
  google::rpc::BadRequest bad;
  google::rpc::BadRequest::FieldViolation& violation =
      *bad.add_field_violations();
  violation.set_field(name);
  violation.set_description(reason);
  AddDetail(bad, &status);
  return status;
}

}  // namespace gather::rpc
