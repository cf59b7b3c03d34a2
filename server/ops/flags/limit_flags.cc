// How much a server takes on.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/ops/container/sizing.h"
#include "server/ops/flags/flag_groups.h"
#include "server/ops/flags/parse_flags.h"

ABSL_FLAG(
    int, event_loops, 0,
    "event loops, a thread each; 0 means one, and more as these are busy, "
    "up to one a core, as far as affinity and the cgroup's CPU quota go");
ABSL_FLAG(int64_t, max_inflight, -1,
          "requests in flight before more are refused with "
          "RESOURCE_EXHAUSTED; 0 means no limit, -1 the program's default "
          "(aggregator 20000, backend no limit), or as many as the cgroup's "
          "memory limit has room for");
ABSL_FLAG(int, max_streams_per_connection, -1,
          "calls at a time on one connection; 0 means no limit, -1 the "
          "program's default (aggregator 1000, backend no limit)");
ABSL_FLAG(
    int, max_resets_per_second, -1,
    "a connection on which more calls are cancelled in a second is ended; "
    "0 means no limit, -1 the program's default (aggregator 1000, backend "
    "no limit)");
ABSL_FLAG(
    bool, shed_overload, true,
    "refuse requests, with RESOURCE_EXHAUSTED, while an event loop is too "
    "busy to answer them before their deadlines");
ABSL_FLAG(absl::Duration, send_timeout, absl::Seconds(30),
          "how long a caller may take to take in a message that is sent to it, "
          "before its call is cancelled, and to send its request, before its "
          "connection is ended");
ABSL_FLAG(int64_t, memory_quota_mb, 0,
          "megabytes that gRPC may hold for all connections together; 0 means "
          "1024, or what the cgroup's memory limit has room for");

namespace gather::ops {
namespace {

absl::Status CheckMemoryQuota(int64_t megabytes) {
  if (megabytes == 0) return absl::OkStatus();
  return CheckFlagRange<int64_t>("memory_quota_mb", megabytes, 16,
                                 int64_t{1} << 20);
}

absl::Status CheckFlags() {
  for (const absl::Status& check :
       {CheckFlagRange("event_loops", absl::GetFlag(FLAGS_event_loops), 0,
                       1024),
        CheckFlagRange<int64_t>("max_inflight",
                                absl::GetFlag(FLAGS_max_inflight), -1,
                                int64_t{1} << 32),
        CheckFlagRange("max_streams_per_connection",
                       absl::GetFlag(FLAGS_max_streams_per_connection), -1,
                       std::numeric_limits<int>::max()),
        CheckFlagRange("max_resets_per_second",
                       absl::GetFlag(FLAGS_max_resets_per_second), -1,
                       std::numeric_limits<int>::max()),
        CheckFlagPositive("send_timeout", absl::GetFlag(FLAGS_send_timeout)),
        CheckMemoryQuota(absl::GetFlag(FLAGS_memory_quota_mb))}) {
    if (!check.ok()) return check;
  }
  return absl::OkStatus();
}

// What the flags say, or else what there is room for.
ServerSizes SizesFromFlags(const ServerDefaults& defaults) {
  constexpr int64_t kMemoryQuotaMb = 1024;
  constexpr char kFlag[] = "flag";
  ServerSizes sizes;
  sizes.resources = FindResources();
  const int loops = absl::GetFlag(FLAGS_event_loops);
  sizes.event_loops =
      loops > 0 ? Sized{loops, kFlag} : SizeEventLoops(sizes.resources);
  const int64_t inflight = absl::GetFlag(FLAGS_max_inflight);
  sizes.max_inflight =
      inflight >= 0 ? Sized{inflight, kFlag}
                    : SizeMaxInflight(sizes.resources, defaults.max_inflight);
  const int64_t quota = absl::GetFlag(FLAGS_memory_quota_mb);
  sizes.memory_quota_mb =
      quota > 0 ? Sized{quota, kFlag}
                : SizeMemoryQuotaMb(sizes.resources, kMemoryQuotaMb);
  return sizes;
}

}  // namespace

absl::Status ReadLimitFlags(const ServerDefaults& defaults,
                            ServerSettings& settings) {
  absl::Status checked = CheckFlags();
  if (!checked.ok()) return checked;
  settings.sizes = SizesFromFlags(defaults);
  rpc::ServerOptions& server = settings.server;
  server.event_loops = static_cast<int>(settings.sizes.event_loops.value);
  // With another engine than gRPC's own choice, a loop's connections are polled
  // by nobody else.
  const bool polls_for_all = std::getenv("GRPC_POLL_STRATEGY") == nullptr;
  if (absl::GetFlag(FLAGS_event_loops) == 0 && polls_for_all) {
    server.loops_at_start = 1;
  }
  server.max_inflight = settings.sizes.max_inflight.value;
  const int streams = absl::GetFlag(FLAGS_max_streams_per_connection);
  server.max_streams_per_connection =
      streams >= 0 ? streams : defaults.max_streams_per_connection;
  if (streams == 0) {
    server.max_streams_per_connection = std::numeric_limits<int>::max();
  }
  server.shed.enabled = absl::GetFlag(FLAGS_shed_overload);
  const int resets = absl::GetFlag(FLAGS_max_resets_per_second);
  server.max_resets_per_second =
      resets >= 0 ? resets : defaults.max_resets_per_second;
  server.send_timeout = FlagMilliseconds(absl::GetFlag(FLAGS_send_timeout));
  server.memory_quota_bytes =
      static_cast<std::size_t>(settings.sizes.memory_quota_mb.value) << 20;
  return absl::OkStatus();
}

}  // namespace gather::ops
