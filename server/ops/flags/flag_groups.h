#ifndef GATHER_SERVER_OPS_FLAGS_FLAG_GROUPS_H_
#define GATHER_SERVER_OPS_FLAGS_FLAG_GROUPS_H_

#include "absl/status/status.h"
#include "server/ops/flags/server_flags.h"

namespace gather::ops {

// The flags that all servers have, by what they are for: each group is a file
// of its own, by which --help names it (flag_help.cc), and puts what its flags
// say into the settings. An error is one line that names the flag.
absl::Status ReadListenFlags(const ServerDefaults& defaults,
                             ServerSettings& settings);
absl::Status ReadTlsFlags(ServerSettings& settings);
absl::Status ReadLimitFlags(const ServerDefaults& defaults,
                            ServerSettings& settings);
absl::Status ReadStopFlags(ServerSettings& settings);
absl::Status ReadLogFlags(ServerSettings& settings);

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_FLAGS_FLAG_GROUPS_H_
