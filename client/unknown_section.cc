#include "client/unknown_section.h"

#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gather/fanout/v1/fanout.pb.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/message.h"
#include "google/protobuf/unknown_field_set.h"

namespace gather::client {
namespace {

using fanout::v1::SectionStatus;
using google::protobuf::Duration;
using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;

constexpr int kStatusField = 1;
constexpr int kMaxCode = 16;  // UNAUTHENTICATED

bool IsPlausible(const Duration& duration) {
  return std::abs(static_cast<int64_t>(duration.nanos())) < 1'000'000'000;
}

// Whether a server would say this of a section. Any message of a few numbers
// reads as a SectionStatus: a Duration of one second has "state" 1.
bool IsPlausible(const SectionStatus& status) {
  if (status.code() < 0 || status.code() > kMaxCode || status.attempts() < 0 ||
      !IsPlausible(status.start_offset()) || !IsPlausible(status.duration())) {
    return false;
  }
  switch (status.state()) {
    case fanout::v1::SECTION_STATE_OK:
      return status.code() == 0 &&
             (status.has_duration() || status.attempts() > 0);
    case fanout::v1::SECTION_STATE_FAILED:
    case fanout::v1::SECTION_STATE_STALE:
      return status.code() != 0;
    case fanout::v1::SECTION_STATE_NOT_REQUESTED:
      return status.code() == 0 && status.attempts() == 0;
    default:
      return false;
  }
}

bool IsBytes(const UnknownField& field) {
  return field.type() == UnknownField::TYPE_LENGTH_DELIMITED;
}

std::optional<SectionStatus> ParseStatus(std::string_view section) {
  UnknownFieldSet fields;
  if (!fields.ParseFromArray(section.data(),
                             static_cast<int>(section.size()))) {
    return std::nullopt;
  }
  for (int i = 0; i < fields.field_count(); ++i) {
    if (fields.field(i).number() != kStatusField) continue;
    SectionStatus status;
    if (!IsBytes(fields.field(i)) ||
        !status.ParseFromString(fields.field(i).length_delimited()) ||
        !IsPlausible(status)) {
      return std::nullopt;
    }
    return status;
  }
  return std::nullopt;
}

}  // namespace

std::vector<UnknownSection> FindUnknownSections(
    const google::protobuf::Message& answer) {
  const UnknownFieldSet& fields =
      answer.GetReflection()->GetUnknownFields(answer);
  std::map<int, SectionStatus> statuses;
  for (int i = 0; i < fields.field_count(); ++i) {
    if (!IsBytes(fields.field(i))) continue;
    const auto status = ParseStatus(fields.field(i).length_delimited());
    if (status.has_value()) statuses[fields.field(i).number()] = *status;
  }
  std::vector<UnknownSection> sections;
  for (const auto& [number, status] : statuses) {
    sections.push_back(
        {absl::StrCat("section ", number, " (unknown to this gatherctl)"),
         status});
  }
  return sections;
}

}  // namespace gather::client
