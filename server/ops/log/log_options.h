#ifndef GATHER_SERVER_OPS_LOG_LOG_OPTIONS_H_
#define GATHER_SERVER_OPS_LOG_LOG_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace gather::ops {

// In rising order. `kOff` is a threshold that nothing reaches, not a level to
// log at.
enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError, kOff };

enum class LogFormat : std::uint8_t { kText, kJson };

// "debug", "info", "warning", "error" or "off".
std::string_view LogLevelName(LogLevel level);

struct LogOptions {
  LogFormat format = LogFormat::kText;

  // Records below this are not even formatted.
  LogLevel level = LogLevel::kInfo;

  // How many records may wait for a slow reader, one at least, besides those
  // that are being written; fewer where they are long (line_queue.h has its own
  // bound in bytes). When one more comes the oldest is dropped, because
  // what happened last is what explains an outage.
  std::size_t queue_records = 4096;

  // How long the end of a Logger may wait for its reader.
  absl::Duration flush_timeout = absl::Seconds(1);
};

// These let an Abseil flag be of type LogLevel or LogFormat, as in
// `ABSL_FLAG(gather::ops::LogLevel, log_level, ...)`.
bool AbslParseFlag(absl::string_view text, LogLevel* level, std::string* error);
std::string AbslUnparseFlag(LogLevel level);
bool AbslParseFlag(absl::string_view text, LogFormat* format,
                   std::string* error);
std::string AbslUnparseFlag(LogFormat format);

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_LOG_LOG_OPTIONS_H_
