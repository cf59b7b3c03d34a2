#include "server/ops/log/log_format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "server/ops/log/log_escape.h"

namespace gather::ops {
namespace {

template <typename Number>
void AppendNumber(std::string& out, Number number) {
  std::array<char, 32> buffer;
  const auto result =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  out.append(buffer.data(), result.ptr);
}

// Writes the last digits of a number that is not negative, as many as there is
// room for.
void WriteDigits(std::span<char> out, std::int64_t number) {
  for (std::size_t at = out.size(); at > 0; number /= 10) {
    out[--at] = static_cast<char>('0' + number % 10);
  }
}

// As absl::FormatTime() with "%Y-%m-%dT%H:%M:%E3SZ", which costs more than all
// the rest of most records.
void AppendTimestamp(std::string& out, absl::Time time) {
  using std::chrono::milliseconds;
  const std::chrono::sys_time<milliseconds> now(
      milliseconds(absl::ToUnixMillis(time)));
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(now - day);

  constexpr std::string_view kZeros = "0000-00-00T00:00:00.000Z";
  out += kZeros;
  const std::span<char> digits = std::span(out).last(kZeros.size());
  WriteDigits(digits.subspan(0, 4), int{date.year()});
  WriteDigits(digits.subspan(5, 2), unsigned{date.month()});
  WriteDigits(digits.subspan(8, 2), unsigned{date.day()});
  WriteDigits(digits.subspan(11, 2), clock.hours().count());
  WriteDigits(digits.subspan(14, 2), clock.minutes().count());
  WriteDigits(digits.subspan(17, 2), clock.seconds().count());
  WriteDigits(digits.subspan(20, 3), clock.subseconds().count());
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
  out += ".000";
  WriteDigits(std::span(out).last(3), rest);
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
