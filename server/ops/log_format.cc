#include "server/ops/log_format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "server/ops/log_escape.h"

namespace gather::ops {
namespace {

template <typename Number>
void AppendNumber(std::string& out, Number number) {
  std::array<char, 32> buffer;
  const auto result =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  out.append(buffer.data(), result.ptr);
}

// The last `width` digits of a number that is not negative.
void AppendDigits(std::string& out, std::int64_t number, int width) {
  const std::size_t begin = out.size();
  out.append(static_cast<std::size_t>(width), '0');
  for (std::size_t at = out.size(); at > begin; number /= 10) {
    out[--at] = static_cast<char>('0' + number % 10);
  }
}

// As absl::FormatTime() with "%Y-%m-%dT%H:%M:%E3SZ", which costs more than all
// the rest of most records.
void AppendTimestamp(std::string& out, absl::Time time) {
  const absl::TimeZone::CivilInfo utc = absl::UTCTimeZone().At(time);
  AppendDigits(out, utc.cs.year(), 4);
  for (const auto& [separator, number] :
       {std::pair('-', utc.cs.month()), std::pair('-', utc.cs.day()),
        std::pair('T', utc.cs.hour()), std::pair(':', utc.cs.minute()),
        std::pair(':', utc.cs.second())}) {
    out += separator;
    AppendDigits(out, number, 2);
  }
  out += '.';
  AppendDigits(out, utc.subsecond / absl::Milliseconds(1), 3);
  out += 'Z';
}

// Rounded to microseconds, of which more are noise in a log; `duration` is
// finite.
void AppendMilliseconds(std::string& out, absl::Duration duration) {
  // What is longer does not fit.
  constexpr absl::Duration kLongest = absl::Hours(24 * 365 * 100'000);
  duration = std::clamp(duration, -kLongest, kLongest);
  const auto microseconds = std::llround(absl::ToDoubleMicroseconds(duration));
  if (microseconds < 0) out += '-';
  AppendNumber(out, std::abs(microseconds) / 1000);
  const auto rest = std::abs(microseconds) % 1000;
  if (rest == 0) return;
  out += '.';
  AppendDigits(out, rest, 3);
  out.resize(out.find_last_not_of('0') + 1);
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
  void operator()(absl::Duration value) const {
    if (absl::AbsDuration(value) != absl::InfiniteDuration()) {
      AppendMilliseconds(out_, value);
    } else {
      (*this)(absl::ToDoubleSeconds(value));
    }
  }
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

// A word, which needs no escaping, and what its value is in.
void AppendKey(std::string& out, const Field& field) {
  out += field.key();
  if (std::holds_alternative<absl::Duration>(field.value())) out += "_ms";
}

// More than most records take.
constexpr std::size_t kUsualBytes = 512;

std::string FormatJson(const LogRecord& record) {
  std::string out;
  out.reserve(kUsualBytes);
  out += "{\"time\":\"";
  AppendTimestamp(out, record.time);
  out += "\",\"level\":\"";
  out += LogLevelName(record.level);
  out += "\",\"message\":";
  AppendJsonString(out, record.message);
  for (const Field& field : record.fields) {
    out += ",\"";
    AppendKey(out, field);
    out += "\":";
    std::visit(ValueAppender(out, LogFormat::kJson), field.value());
  }
  out += '}';
  return out;
}

std::string FormatText(const LogRecord& record) {
  std::string out;
  out.reserve(kUsualBytes);
  AppendTimestamp(out, record.time);
  out += ' ';
  const std::string_view level = LogLevelName(record.level);
  for (const char c : level) out += absl::ascii_toupper(c);
  out += ' ';
  AppendPlainText(out, record.message);
  for (const Field& field : record.fields) {
    out += ' ';
    AppendKey(out, field);
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
