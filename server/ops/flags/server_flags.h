#ifndef GATHER_SERVER_OPS_FLAGS_SERVER_FLAGS_H_
#define GATHER_SERVER_OPS_FLAGS_SERVER_FLAGS_H_

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/ops/container/sizing.h"
#include "server/ops/flags/span_flags.h"
#include "server/ops/log/log_options.h"
#include "server/ops/log/request_log.h"
#include "server/ops/tls/certificates.h"
#include "server/rpc/server.h"

namespace gather::ops {

// What differs between the programs in the flags that all servers have.
struct ServerDefaults {
  std::string listen;
  int64_t max_inflight = 0;  // where memory is not limited
  int max_streams_per_connection = 1000;
  int max_resets_per_second = 1000;
  // Not among the flags here, as its default differs.
  std::string metrics_listen = {};
  // What the process is called in traces; empty for the program's name.
  std::string service_name = {};
};

// The flags that all servers have, checked.
struct ServerSettings {
  rpc::ServerOptions server;
  ServerSizes sizes;
  LogOptions log;
  std::chrono::nanoseconds drain_delay;
  std::chrono::nanoseconds drain_timeout;
  // Where to write the port that is listened on; empty for nowhere.
  std::string port_file;
  // Null means plaintext.
  std::shared_ptr<Certificates> tls;
  bool channelz = false;
  // Only to be checked, not served by.
  bool check_config = false;
  // Where to serve metrics; empty for nowhere.
  std::string metrics_listen;
  std::string metrics_port_file;  // as port_file
  RequestLog::Options request_log;
  SpanSettings spans = {};
  // What is valid and yet hardly meant, a line each, that names the flag. Said
  // at start, and by --check_config.
  std::vector<std::string> warnings;
  // The command line, to be read again for what may change.
  std::vector<std::string> arguments;
};

// Reads the flags. An error is one line that names the flag.
absl::StatusOr<ServerSettings> ServerSettingsFromFlags(
    const ServerDefaults& defaults);

// INVALID_ARGUMENT where a duration flag is negative or endless.
absl::Status CheckFlagNotNegative(std::string_view flag, absl::Duration value);

// As gRPC keeps it, in an int of milliseconds: at least one where it is not 0.
std::chrono::milliseconds FlagMilliseconds(absl::Duration value);

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_FLAGS_SERVER_FLAGS_H_
