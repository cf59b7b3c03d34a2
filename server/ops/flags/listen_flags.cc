// Where a server is reached.

#include <string>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "server/ops/flags/address.h"
#include "server/ops/flags/flag_groups.h"

ABSL_FLAG(std::string, listen, "",
          "address to serve on, host:port or unix:/path; port 0 takes a free "
          "one; empty means all addresses and the program's usual port");
ABSL_FLAG(std::string, port_file, "",
          "file to write the port to, once it is listened on");
ABSL_FLAG(std::string, metrics_port_file, "",
          "the same for the port of --metrics_listen");
ABSL_FLAG(bool, channelz, false,
          "serve grpc.channelz.v1.Channelz, which shows every connection to "
          "every caller");

namespace gather::ops {

absl::Status ReadListenFlags(const ServerDefaults& defaults,
                             ServerSettings& settings) {
  const std::string listen = absl::GetFlag(FLAGS_listen);
  settings.server.listen = listen.empty() ? defaults.listen : listen;
  settings.port_file = absl::GetFlag(FLAGS_port_file);
  settings.channelz = absl::GetFlag(FLAGS_channelz);
  settings.metrics_listen = defaults.metrics_listen;
  settings.metrics_port_file = absl::GetFlag(FLAGS_metrics_port_file);
  absl::Status checked = CheckFlagListen("listen", settings.server.listen);
  if (!checked.ok() || settings.metrics_listen.empty()) return checked;
  return CheckFlagListen("metrics_listen", settings.metrics_listen);
}

}  // namespace gather::ops
