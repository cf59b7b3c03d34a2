#ifndef GATHER_SERVER_OPS_CONTAINER_LOG_SIZES_H_
#define GATHER_SERVER_OPS_CONTAINER_LOG_SIZES_H_

#include "server/ops/container/sizing.h"
#include "server/ops/log/log.h"

namespace gather::ops {

// Says in one line, "sized", what a server takes and why: in a container what
// nobody set follows from its limits.
void LogSizes(const ServerSizes& sizes, Logger& logger);

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_CONTAINER_LOG_SIZES_H_
