#include "server/host/channel_flags.h"

#include <algorithm>

#include "absl/flags/flag.h"
#include "absl/time/time.h"
#include "server/ops/flags/parse_flags.h"

ABSL_FLAG(int, max_reply_bytes, 4 << 20,
          "the largest reply that is taken from a backend");
ABSL_FLAG(absl::Duration, backend_keepalive_time, absl::Minutes(5),
          "how often a backend that says nothing is asked for a sign of life; "
          "servers of gRPC end connections that ask more often than every 5 "
          "minutes, unless they are told to allow it; ours allow 5s");
ABSL_FLAG(absl::Duration, backend_keepalive_timeout, absl::Seconds(2),
          "how long a backend may take for a sign of life, and to acknowledge "
          "what is sent");
ABSL_FLAG(bool, backend_keepalive_without_calls, false,
          "ask for signs of life also while there is no call");
ABSL_FLAG(int, max_connections_per_backend, 4,
          "how many connections a backend's address gets at most; another one "
          "is opened when all have 100 calls in flight, as many as servers "
          "often allow on one");

namespace gather::host {

absl::StatusOr<rpc::ChannelOptions> ChannelOptionsFromFlags() {
  const absl::Duration time = absl::GetFlag(FLAGS_backend_keepalive_time);
  const absl::Duration timeout = absl::GetFlag(FLAGS_backend_keepalive_timeout);
  const int max_reply_bytes = absl::GetFlag(FLAGS_max_reply_bytes);
  for (const absl::Status& check :
       {ops::CheckFlagRange("max_reply_bytes", max_reply_bytes, 1, 1 << 30),
        ops::CheckFlagPositive("backend_keepalive_time", time),
        ops::CheckFlagPositive("backend_keepalive_timeout", timeout)}) {
    if (!check.ok()) return check;
  }
  rpc::ChannelOptions options;
  options.max_reply_bytes = max_reply_bytes;
  // gRPC counts in milliseconds, and in an int.
  options.keepalive_time =
      absl::ToChronoMilliseconds(std::min(time, absl::Hours(24)));
  options.keepalive_timeout =
      absl::ToChronoMilliseconds(std::min(timeout, absl::Hours(24)));
  options.keepalive_without_calls =
      absl::GetFlag(FLAGS_backend_keepalive_without_calls);
  return options;
}

absl::StatusOr<int> ConnectionsPerBackendFromFlags() {
  const int connections = absl::GetFlag(FLAGS_max_connections_per_backend);
  const absl::Status check =
      ops::CheckFlagRange("max_connections_per_backend", connections, 1, 100);
  if (!check.ok()) return check;
  return connections;
}

}  // namespace gather::host
