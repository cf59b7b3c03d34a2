// How connections and servers end.

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/ops/flags/flag_groups.h"
#include "server/ops/flags/parse_flags.h"

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

// Who gives connections no longer means them to end one by one.
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
  // gRPC lets connections grow older by up to a tenth, and their clients need a
  // moment: decisions/0005-drain-by-connection-age.md.
  const absl::Duration needed = age * 1.1 + absl::Seconds(2);
  if (age <= kAgeToDrainBy && timeout < needed) {
    settings.warnings.push_back(absl::StrCat(
        "--drain_timeout: ", absl::FormatDuration(timeout),
        " ends connections before --max_connection_age makes their clients "
        "leave; that takes ",
        absl::FormatDuration(needed)));
  }
  return absl::OkStatus();
}

}  // namespace gather::ops
