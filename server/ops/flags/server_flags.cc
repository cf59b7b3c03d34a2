#include "server/ops/flags/server_flags.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "server/ops/flags/flag_groups.h"
#include "server/ops/flags/parse_flags.h"
#include "server/ops/flags/span_flags.h"

ABSL_FLAG(bool, check_config, false,
          "check flags and the files that they name, say what is wrong, and "
          "end");

namespace gather::ops {

absl::Status CheckFlagNotNegative(std::string_view flag, absl::Duration value) {
  if (value >= absl::ZeroDuration() && value <= kLongestFlag) {
    return absl::OkStatus();
  }
  return FlagError(flag, absl::StrCat("must be from 0 to a year, not ",
                                      absl::FormatDuration(value)));
}

std::chrono::milliseconds FlagMilliseconds(absl::Duration value) {
  return absl::ToChronoMilliseconds(
      std::min(absl::Ceil(value, absl::Milliseconds(1)),
               absl::Milliseconds(std::numeric_limits<int>::max())));
}

absl::StatusOr<ServerSettings> ServerSettingsFromFlags(
    const ServerDefaults& defaults) {
  ServerSettings settings;
  settings.check_config = absl::GetFlag(FLAGS_check_config);
  absl::Status read = ReadLimitFlags(defaults, settings);
  if (read.ok()) read = ReadStopFlags(settings);
  if (read.ok()) read = ReadLogFlags(settings);
  if (read.ok()) read = ReadListenFlags(defaults, settings);
  if (read.ok()) read = ReadTlsFlags(settings);
  if (!read.ok()) return read;
  absl::StatusOr<SpanSettings> spans =
      SpanSettingsFromFlags(defaults.service_name);
  if (!spans.ok()) return spans.status();
  settings.spans = *std::move(spans);
  return settings;
}

}  // namespace gather::ops
