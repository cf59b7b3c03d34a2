#include "server/ops/log_format.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "server/ops/log_escape.h"

namespace gather::ops {
namespace {

std::string FormatTimestamp(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

template <typename Number>
void AppendNumber(std::string& out, Number number) {
  std::array<char, 32> buffer;
  const auto result =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  out.append(buffer.data(), result.ptr);
}

// Rounded to microseconds: more digits are noise in a log.
double Milliseconds(absl::Duration duration) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (duration == absl::InfiniteDuration()) return kInfinity;
  if (duration == -absl::InfiniteDuration()) return -kInfinity;
  return std::round(absl::ToDoubleMicroseconds(duration)) / 1000;
}

// Appends a value; the two forms differ in strings and in what isn't finite.
class ValueAppender {
 public:
  ValueAppender(std::string& out, LogFormat format)
      : out_(out), json_(format == LogFormat::kJson) {}

  void operator()(std::string_view value) const {
    json_ ? AppendJsonString(out_, value) : AppendTextValue(out_, value);
  }
  void operator()(std::int64_t value) const { AppendNumber(out_, value); }
  void operator()(std::uint64_t value) const { AppendNumber(out_, value); }
  void operator()(bool value) const { out_ += value ? "true" : "false"; }
  void operator()(absl::Duration value) const { (*this)(Milliseconds(value)); }
  void operator()(double value) const {
    if (json_ && !std::isfinite(value)) {
      out_ += "null";
    } else {
      AppendNumber(out_, value);
    }
  }

 private:
  std::string& out_;
  bool json_;
};

std::string KeyOf(const Field& field) {
  std::string key(field.key());
  if (std::holds_alternative<absl::Duration>(field.value())) key += "_ms";
  return key;
}

std::string FormatJson(const LogRecord& record) {
  std::string out = "{\"time\":\"" + FormatTimestamp(record.time);
  out += "\",\"level\":\"";
  out += LogLevelName(record.level);
  out += "\",\"message\":";
  AppendJsonString(out, record.message);
  for (const Field& field : record.fields) {
    out += ',';
    AppendJsonString(out, KeyOf(field));
    out += ':';
    std::visit(ValueAppender(out, LogFormat::kJson), field.value());
  }
  out += '}';
  return out;
}

std::string FormatText(const LogRecord& record) {
  std::string out = FormatTimestamp(record.time);
  out += ' ';
  const std::string_view level = LogLevelName(record.level);
  for (const char c : level) out += absl::ascii_toupper(c);
  out += ' ';
  AppendPlainText(out, record.message);
  for (const Field& field : record.fields) {
    out += ' ';
    AppendPlainText(out, KeyOf(field));
    out += '=';
    std::visit(ValueAppender(out, LogFormat::kText), field.value());
  }
  return out;
}

}  // namespace

std::string FormatRecord(LogFormat format, const LogRecord& record) {
  return format == LogFormat::kJson ? FormatJson(record) : FormatText(record);
}

}  // namespace gather::ops
