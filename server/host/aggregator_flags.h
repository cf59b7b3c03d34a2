#ifndef GATHER_SERVER_HOST_AGGREGATOR_FLAGS_H_
#define GATHER_SERVER_HOST_AGGREGATOR_FLAGS_H_

#include <string>

#include "absl/status/statusor.h"
#include "server/fanout/catalog.h"
#include "server/fanout/fan_out.h"
#include "server/ops/flags/server_flags.h"
#include "server/rpc/channel.h"

namespace gather::host {

// The flags that every aggregator has, whatever its sections, checked.
struct AggregatorSettings {
  ops::ServerSettings server;
  fanout::Settings fan_out;
  rpc::ChannelOptions channel;
  int connections_per_backend = 1;
  std::string policies_file;  // empty where there is none
};

// Reads the flags, and the file of policies for those sections. An error is one
// line that names the flag.
absl::StatusOr<AggregatorSettings> AggregatorSettingsFromFlags(
    const fanout::Catalog& catalog);

}  // namespace gather::host

#endif  // GATHER_SERVER_HOST_AGGREGATOR_FLAGS_H_
