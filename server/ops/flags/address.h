#ifndef GATHER_SERVER_OPS_FLAGS_ADDRESS_H_
#define GATHER_SERVER_OPS_FLAGS_ADDRESS_H_

#include <string_view>

#include "absl/status/status.h"

namespace gather::ops {

// Checks of flags that hold an address. gRPC takes whatever it is given, and
// makes of `user:99999` or `http://user:80` a channel on which every call
// fails; a look at the flag says so before the first. Nothing is resolved.
//
// The error is one line that names the flag and what is wrong with the value.

// Where to call: "host:port", or one of gRPC's own forms, which are dns:,
// ipv4:, ipv6:, unix:, unix-abstract: and xds:
// (https://github.com/grpc/grpc/blob/v1.51.1/doc/naming.md). A name behind
// dns: may go without a port, as there: that is 443.
absl::Status CheckFlagTarget(std::string_view flag, std::string_view value);
// The same of a target that is named otherwise, as by a variable of the
// environment: `name` is all that the error calls it.
absl::Status CheckTarget(std::string_view name, std::string_view value);

// Where to listen: "host:port", port 0 for a free one, with a host that may be
// empty; or "unix:/path".
absl::Status CheckFlagListen(std::string_view flag, std::string_view value);

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_FLAGS_ADDRESS_H_
