#ifndef GATHER_SERVER_OPS_LOG_LOG_FORMAT_H_
#define GATHER_SERVER_OPS_LOG_LOG_FORMAT_H_

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "absl/time/time.h"
#include "server/ops/log/log_options.h"

namespace gather::ops {

// One key and its typed value. A field views the key and a string value: both
// must live until the call that takes the field returns.
//
// A key is a word of the program, in snake_case, which is written as it is, and
// not "time", "level" or "message". A duration is written in milliseconds, and
// "_ms" is added to its key, so that no reader has to guess the unit.
class Field {
 public:
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t,
                             double, bool, absl::Duration>;

  Field(std::string_view key, const char* value)
      : key_(key), value_(std::string_view(value)) {}

  // std::string, std::string_view, and absl::string_view where that is a type
  // of its own.
  template <typename T>
    requires requires(const T& t) { std::string_view(t.data(), t.size()); }
  Field(std::string_view key, const T& value)
      : key_(key), value_(std::string_view(value.data(), value.size())) {}

  // A bool, not a pointer that would turn into one.
  Field(std::string_view key, std::same_as<bool> auto value)
      : key_(key), value_(value) {}

  template <std::signed_integral T>
  Field(std::string_view key, T value)
      : key_(key), value_(static_cast<std::int64_t>(value)) {}

  template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>)
  Field(std::string_view key, T value)
      : key_(key), value_(static_cast<std::uint64_t>(value)) {}

  Field(std::string_view key, std::floating_point auto value)
      : key_(key), value_(static_cast<double>(value)) {}

  Field(std::string_view key, absl::Duration value)
      : key_(key), value_(value) {}

  std::string_view key() const { return key_; }
  const Value& value() const { return value_; }

 private:
  std::string_view key_;
  Value value_;
};

// What happened, once. Views what it is made of.
struct LogRecord {
  absl::Time time;
  LogLevel level;
  std::string_view message;
  std::span<const Field> fields;
};

// One line without its line end, whatever bytes the record holds:
//
//   {"time":"2026-11-22T10:00:00.123Z","level":"info","message":"listening",
//    "address":"127.0.0.1:50051","took_ms":1.25}       (on one line)
//   2026-11-22T10:00:00.123Z INFO listening address=127.0.0.1:50051
//   took_ms=1.25
//
// A number that JSON has no form for (infinity, not a number) is null.
std::string FormatRecord(LogFormat format, const LogRecord& record);

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_LOG_LOG_FORMAT_H_
