#include "server/ops/log/log_options.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace gather::ops {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::array kLevels = {
    std::pair("debug"sv, LogLevel::kDebug),
    std::pair("info"sv, LogLevel::kInfo),
    std::pair("warning"sv, LogLevel::kWarning),
    std::pair("error"sv, LogLevel::kError),
    std::pair("off"sv, LogLevel::kOff),
};

constexpr std::array kFormats = {
    std::pair("text"sv, LogFormat::kText),
    std::pair("json"sv, LogFormat::kJson),
};

template <typename Table, typename Enum>
std::string_view NameIn(const Table& table, Enum value) {
  for (const auto& [name, candidate] : table) {
    if (candidate == value) return name;
  }
  return "unknown";
}

template <typename Table, typename Enum>
bool ParseIn(const Table& table, absl::string_view text, Enum* value,
             std::string* error) {
  // Debian's absl::string_view is a type of its own.
  const std::string_view wanted(text.data(), text.size());
  for (const auto& [name, candidate] : table) {
    if (name == wanted) {
      *value = candidate;
      return true;
    }
  }
  *error = "must be one of";
  for (const auto& [name, candidate] : table) {
    *error += " '" + std::string(name) + "'";
  }
  return false;
}

}  // namespace

std::string_view LogLevelName(LogLevel level) { return NameIn(kLevels, level); }

bool AbslParseFlag(absl::string_view text, LogLevel* level,
                   std::string* error) {
  return ParseIn(kLevels, text, level, error);
}

std::string AbslUnparseFlag(LogLevel level) {
  return std::string(NameIn(kLevels, level));
}

bool AbslParseFlag(absl::string_view text, LogFormat* format,
                   std::string* error) {
  return ParseIn(kFormats, text, format, error);
}

std::string AbslUnparseFlag(LogFormat format) {
  return std::string(NameIn(kFormats, format));
}

}  // namespace gather::ops
