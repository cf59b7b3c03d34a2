#include "server/aggregator/overview.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/rpc/status.h"

namespace gather::aggregator {
namespace {

constexpr std::size_t kMaxUserIdLength = 64;
constexpr int32_t kMaxPageSize = 100;

absl::Status CheckUserId(const std::string& user_id) {
  if (user_id.empty()) return rpc::InvalidField("user_id", "is empty");
  if (user_id.size() > kMaxUserIdLength) {
    return rpc::InvalidField(
        "user_id",
        absl::StrCat("is longer than ", kMaxUserIdLength, " characters"));
  }
  const bool good = std::all_of(user_id.begin(), user_id.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
  });
  if (good) return absl::OkStatus();
  return rpc::InvalidField("user_id",
                           "has a character that is not of [A-Za-z0-9._-]");
}

absl::Status CheckPageSize(const char* field, int32_t size) {
  if (size >= 0 && size <= kMaxPageSize) return absl::OkStatus();
  return rpc::InvalidField(
      field, absl::StrCat(size, " is not between 0 and ", kMaxPageSize));
}

// Of a Duration that is not negative.
bool HasNanosInRange(const google::protobuf::Duration& duration) {
  return duration.nanos() >= 0 && duration.nanos() < 1'000'000'000;
}

absl::Status CheckSoftTimeout(const v1::GetOverviewRequest& request) {
  if (!request.has_soft_timeout()) return absl::OkStatus();
  const google::protobuf::Duration& timeout = request.soft_timeout();
  constexpr int32_t kMillisecond = 1'000'000;
  if (HasNanosInRange(timeout) &&
      (timeout.seconds() > 0 ||
       (timeout.seconds() == 0 && timeout.nanos() >= kMillisecond))) {
    return absl::OkStatus();
  }
  return rpc::InvalidField("soft_timeout", "is less than 1ms");
}

absl::Status CheckMaxStale(const v1::GetOverviewRequest& request) {
  const google::protobuf::Duration& stale = request.max_stale();
  if (stale.seconds() >= 0 && HasNanosInRange(stale)) return absl::OkStatus();
  return rpc::InvalidField("max_stale", "is not a time from 0s");
}

// "SECTION_ORDERS" is "orders" in a mask.
std::string PathOf(v1::Section section) {
  return absl::AsciiStrToLower(
      absl::StripPrefix(v1::Section_Name(section), "SECTION_"));
}

absl::Status CheckRequiredSections(const v1::GetOverviewRequest& request) {
  const auto& mask = request.read_mask().paths();
  for (const int value : request.required_sections()) {
    if (!v1::Section_IsValid(value) || value == v1::SECTION_UNSPECIFIED) {
      return rpc::InvalidField("required_sections",
                               absl::StrCat(value, " is not a section"));
    }
    const std::string path = PathOf(static_cast<v1::Section>(value));
    if (!mask.empty() && absl::c_find(mask, path) == mask.end()) {
      return rpc::InvalidField("required_sections",
                               absl::StrCat(path, " is not in read_mask"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Overview::Check(const Request& request) {
  for (const absl::Status& check :
       {CheckUserId(request.user_id()),
        CheckPageSize("order_page_size", request.order_page_size()),
        CheckPageSize("product_page_size", request.product_page_size()),
        CheckSoftTimeout(request), CheckMaxStale(request),
        CheckRequiredSections(request)}) {
    if (!check.ok()) return check;
  }
  return absl::OkStatus();
}

std::vector<std::string> Overview::RequiredPaths(const Request& request) {
  std::vector<std::string> paths(request.required_mask().paths().begin(),
                                 request.required_mask().paths().end());
  for (const int value : request.required_sections()) {
    paths.push_back(PathOf(static_cast<v1::Section>(value)));
  }
  return paths;
}

}  // namespace gather::aggregator
