#include "client/json_value.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

#include "client/text.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/message.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/time_util.h"

namespace gather::client {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Duration;
using google::protobuf::Message;
using google::protobuf::Timestamp;
using google::protobuf::util::TimeUtil;

constexpr int32_t kNanosPerSecond = 1'000'000'000;

template <typename T>
std::string Format(T value) {
  if (std::isnan(value)) return "\"NaN\"";
  if (std::isinf(value)) return value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  char digits[32];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), value);
  return {digits, end.ptr};
}

bool HasForm(const Timestamp& time) {
  return time.seconds() >= TimeUtil::kTimestampMinSeconds &&
         time.seconds() <= TimeUtil::kTimestampMaxSeconds &&
         time.nanos() >= 0 && time.nanos() < kNanosPerSecond;
}

bool HasForm(const Duration& duration) {
  const int64_t seconds = duration.seconds();
  const int32_t nanos = duration.nanos();
  return seconds >= TimeUtil::kDurationMinSeconds &&
         seconds <= TimeUtil::kDurationMaxSeconds && nanos > -kNanosPerSecond &&
         nanos < kNanosPerSecond && (seconds <= 0 || nanos >= 0) &&
         (seconds >= 0 || nanos <= 0);
}

// Times are in lists of many: by way of json_util each would take some 10 us.
template <typename Time>
std::optional<std::string> FormOf(const Time& time) {
  if (!HasForm(time)) return std::nullopt;
  return "\"" + TimeUtil::ToString(time) + "\"";
}

}  // namespace

std::string JsonNumber(double value) { return Format(value); }

std::string JsonNumber(float value) { return Format(value); }

bool HasOwnJsonForm(const Descriptor& type) {
  return type.well_known_type() != Descriptor::WELLKNOWNTYPE_UNSPECIFIED;
}

std::optional<std::string> OwnJsonForm(const Message& value) {
  if (const auto* time = dynamic_cast<const Timestamp*>(&value)) {
    return FormOf(*time);
  }
  if (const auto* duration = dynamic_cast<const Duration*>(&value)) {
    return FormOf(*duration);
  }
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(value, &json).ok()) {
    return std::nullopt;
  }
  return EscapeUnsafeJson(json);
}

}  // namespace gather::client
