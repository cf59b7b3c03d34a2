#ifndef GATHER_SERVER_HOST_START_LINE_H_
#define GATHER_SERVER_HOST_START_LINE_H_

#include "server/host/aggregator_flags.h"
#include "server/host/backend_flags.h"
#include "server/ops/log/log.h"

namespace gather::host {

// Logs one line with what this process is and what it goes by: its version,
// where its backends are, and how long it waits for them.
void LogStart(const AggregatorSettings& settings, const BackendFlags& backends,
              ops::Logger& logger);

}  // namespace gather::host

#endif  // GATHER_SERVER_HOST_START_LINE_H_
