// Its default differs between the programs, so that it is none of the flags
// that all servers have.

#include <string>

#include "absl/flags/flag.h"

ABSL_FLAG(std::string, metrics_listen, "127.0.0.1:9464",
          "address to serve metrics on, host:port or unix:/path, at /metrics "
          "for Prometheus; port 0 takes a free one; empty means none");
