// What a server logs.

#include <cstdint>
#include <limits>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/ops/flags/flag_groups.h"
#include "server/ops/flags/parse_flags.h"
#include "server/ops/log/log_options.h"

ABSL_FLAG(gather::ops::LogFormat, log_format, gather::ops::LogFormat::kText,
          "text or json");
ABSL_FLAG(gather::ops::LogLevel, log_level, gather::ops::LogLevel::kInfo,
          "debug, info, warning, error or off");
ABSL_FLAG(int64_t, log_sample, 1,
          "of the requests that went well, log one in so many, by trace id; 0 "
          "logs none of them. For others see --log_repeats");
ABSL_FLAG(
    int64_t, log_repeats, 10,
    "of the requests that failed alike, log so many in a second, and then "
    "how many were left out; 0 logs all of them");
ABSL_FLAG(absl::Duration, stall_limit, absl::Milliseconds(200),
          "a step that holds an event loop for longer is logged");

namespace gather::ops {

absl::Status ReadLogFlags(ServerSettings& settings) {
  constexpr int64_t kMost = std::numeric_limits<uint32_t>::max();
  const int64_t sample = absl::GetFlag(FLAGS_log_sample);
  const int64_t repeats = absl::GetFlag(FLAGS_log_repeats);
  const absl::Duration stall_limit = absl::GetFlag(FLAGS_stall_limit);
  for (const absl::Status& check :
       {CheckFlagPositive("stall_limit", stall_limit),
        CheckFlagRange<int64_t>("log_sample", sample, 0, kMost),
        CheckFlagRange<int64_t>("log_repeats", repeats, 0, kMost)}) {
    if (!check.ok()) return check;
  }
  settings.log.format = absl::GetFlag(FLAGS_log_format);
  settings.log.level = absl::GetFlag(FLAGS_log_level);
  settings.request_log.sample = static_cast<uint32_t>(sample);
  settings.request_log.repeats = static_cast<uint32_t>(repeats);
  settings.server.stall_limit = absl::ToChronoNanoseconds(stall_limit);
  return absl::OkStatus();
}

}  // namespace gather::ops
