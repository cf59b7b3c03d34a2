// How connections and servers end.

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/ops/flags/flag_groups.h"
#include "server/ops/flags/parse_flags.h"
#include "server/rpc/time_to_leave.h"

ABSL_FLAG(absl::Duration, max_connection_age, absl::Hours(1),
          "connections older than this are asked to reconnect");
ABSL_FLAG(absl::Duration, max_connection_age_grace, absl::Seconds(30),
          "how long such a connection may finish its calls");
ABSL_FLAG(absl::Duration, drain_delay, absl::ZeroDuration(),
          "after SIGTERM, how long to serve on with health NOT_SERVING, so "
          "that load balancers look away");
ABSL_FLAG(absl::Duration, drain_timeout, absl::Seconds(10),
          "then, how long calls in flight may take before they are cancelled");

namespace gather::ops {
namespace {

// An age of at most this is taken as meant for draining.
constexpr absl::Duration kAgeToDrainBy = absl::Minutes(5);

}  // namespace

absl::Status ReadStopFlags(ServerSettings& settings) {
  const absl::Duration age = absl::GetFlag(FLAGS_max_connection_age);
  const absl::Duration grace = absl::GetFlag(FLAGS_max_connection_age_grace);
  const absl::Duration delay = absl::GetFlag(FLAGS_drain_delay);
  const absl::Duration timeout = absl::GetFlag(FLAGS_drain_timeout);
  for (const absl::Status& check :
       {CheckFlagPositive("max_connection_age", age),
        CheckFlagNotNegative("max_connection_age_grace", grace),
        CheckFlagNotNegative("drain_delay", delay),
        CheckFlagNotNegative("drain_timeout", timeout)}) {
    if (!check.ok()) return check;
  }
  settings.server.max_connection_age = FlagMilliseconds(age);
  settings.server.max_connection_age_grace = FlagMilliseconds(grace);
  settings.drain_delay = absl::ToChronoNanoseconds(delay);
  settings.drain_timeout = absl::ToChronoNanoseconds(timeout);
  const absl::Duration leave =
      absl::FromChrono(rpc::TimeToLeave(settings.server.max_connection_age));
  if (age <= kAgeToDrainBy && timeout <= leave) {
    settings.warnings.push_back(absl::StrCat(
        "--drain_timeout: ", absl::FormatDuration(timeout),
        " is too short to wait until --max_connection_age has made clients "
        "leave, so connections end at once at a stop; ",
        absl::FormatDuration(leave + absl::Seconds(1)), " is enough"));
  }
  return absl::OkStatus();
}

}  // namespace gather::ops
