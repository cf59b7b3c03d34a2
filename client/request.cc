#include "client/request.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "client/answer.h"
#include "client/text.h"
#include "gather/aggregator/v1/aggregator.pb.h"
#include "google/protobuf/descriptor.h"
#include "server/ops/flags/parse_flags.h"

namespace {

using gather::aggregator::v1::GetOverviewResponse;

std::string SectionsHelp() {
  return absl::StrCat(
      "Only these sections: ",
      absl::StrJoin(
          gather::client::SectionNames(*GetOverviewResponse::descriptor()),
          ", "),
      ", separated by commas. Empty means the server's default.");
}

}  // namespace

ABSL_FLAG(std::vector<std::string>, sections, {}, SectionsHelp());
ABSL_FLAG(std::vector<std::string>, required, {},
          "Sections without which the call is to fail, separated by commas.");
ABSL_FLAG(absl::Duration, soft_timeout, absl::ZeroDuration(),
          "After so long the sections that are there are enough, if every "
          "required one is; 0 leaves it to the server.");
ABSL_FLAG(absl::Duration, max_stale, absl::InfiniteDuration(),
          "How old a section may be whose backend fails; 0 takes none, inf "
          "leaves it to the server.");
ABSL_FLAG(int32_t, order_page_size, 0,
          "At most so many orders, up to 100; 0 leaves it to the server.");
ABSL_FLAG(int32_t, product_page_size, 0,
          "At most so many products, up to 100; 0 leaves it to the server.");

namespace gather::client {
namespace {

constexpr int kMaxPageSize = 100;

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// "user, orders or products"
std::string OneOf(std::vector<std::string> names) {
  if (names.empty()) return "a section: there are none";
  const std::string last = names.back();
  names.pop_back();
  if (names.empty()) return last;
  return absl::StrCat(absl::StrJoin(names, ", "), " or ", last);
}

absl::Status CheckNames(const char* flag, const std::vector<std::string>& names,
                        const std::vector<std::string>& sections) {
  for (const std::string& name : names) {
    if (!Contains(sections, name)) {
      return ops::FlagError(flag, absl::StrCat("'", EscapeControl(name),
                                               "' is not ", OneOf(sections)));
    }
  }
  return absl::OkStatus();
}

// What is longer than a day is a day.
google::protobuf::Duration ToProto(absl::Duration duration) {
  duration = std::min(duration, absl::Hours(24));
  google::protobuf::Duration field;
  field.set_seconds(absl::ToInt64Seconds(duration));
  field.set_nanos(static_cast<int32_t>(
      absl::ToInt64Nanoseconds(duration - absl::Seconds(field.seconds()))));
  return field;
}

absl::Status Check(const OverviewFlags& flags) {
  if (auto ok = CheckSections(flags, *GetOverviewResponse::descriptor());
      !ok.ok()) {
    return ok;
  }
  if (auto ok = ops::CheckFlagRange("order_page_size", flags.order_page_size, 0,
                                    kMaxPageSize);
      !ok.ok()) {
    return ok;
  }
  if (flags.soft_timeout != absl::ZeroDuration() &&
      flags.soft_timeout < absl::Milliseconds(1)) {
    return ops::FlagError("soft_timeout", "is less than 1ms");
  }
  if (flags.max_stale < absl::ZeroDuration()) {
    return ops::FlagError("max_stale", "is negative");
  }
  return ops::CheckFlagRange("product_page_size", flags.product_page_size, 0,
                             kMaxPageSize);
}

}  // namespace

OverviewFlags ReadOverviewFlags() {
  return {absl::GetFlag(FLAGS_sections),
          absl::GetFlag(FLAGS_required),
          absl::GetFlag(FLAGS_order_page_size),
          absl::GetFlag(FLAGS_product_page_size),
          absl::GetFlag(FLAGS_soft_timeout),
          absl::GetFlag(FLAGS_max_stale)};
}

absl::Status CheckSections(const OverviewFlags& flags,
                           const google::protobuf::Descriptor& answer) {
  const std::vector<std::string> sections = SectionNames(answer);
  if (auto ok = CheckNames("sections", flags.sections, sections); !ok.ok()) {
    return ok;
  }
  if (auto ok = CheckNames("required", flags.required, sections); !ok.ok()) {
    return ok;
  }
  for (const std::string& name : flags.required) {
    if (!flags.sections.empty() && !Contains(flags.sections, name)) {
      return ops::FlagError("required", "'" + name + "' is not in --sections");
    }
  }
  return absl::OkStatus();
}

template <typename Request>
absl::Status FillRequest(const std::string& user_id, const OverviewFlags& flags,
                         Request& request) {
  if (absl::Status ok = Check(flags); !ok.ok()) return ok;
  request.set_user_id(user_id);
  for (const std::string& name : flags.sections) {
    request.mutable_read_mask()->add_paths(name);
  }
  for (const std::string& name : flags.required) {
    request.mutable_required_mask()->add_paths(name);
  }
  request.set_order_page_size(flags.order_page_size);
  request.set_product_page_size(flags.product_page_size);
  if (flags.soft_timeout > absl::ZeroDuration()) {
    *request.mutable_soft_timeout() = ToProto(flags.soft_timeout);
  }
  if (flags.max_stale != absl::InfiniteDuration()) {
    *request.mutable_max_stale() = ToProto(flags.max_stale);
  }
  return absl::OkStatus();
}

template absl::Status FillRequest(const std::string&, const OverviewFlags&,
                                  gather::aggregator::v1::GetOverviewRequest&);
template absl::Status FillRequest(
    const std::string&, const OverviewFlags&,
    gather::aggregator::v1::StreamOverviewRequest&);

}  // namespace gather::client
