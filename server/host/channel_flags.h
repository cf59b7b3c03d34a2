#ifndef GATHER_SERVER_HOST_CHANNEL_FLAGS_H_
#define GATHER_SERVER_HOST_CHANNEL_FLAGS_H_

#include "absl/status/statusor.h"
#include "server/rpc/channel.h"

namespace gather::host {

// What the flags say of connections to backends, checked. An error is one line
// that names the flag.
absl::StatusOr<rpc::ChannelOptions> ChannelOptionsFromFlags();

// How many channels a backend has at most, likewise.
absl::StatusOr<int> ConnectionsPerBackendFromFlags();

}  // namespace gather::host

#endif  // GATHER_SERVER_HOST_CHANNEL_FLAGS_H_
