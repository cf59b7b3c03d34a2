#ifndef GATHER_SERVER_OPS_METRICS_SERVER_METRICS_H_
#define GATHER_SERVER_OPS_METRICS_SERVER_METRICS_H_

#include "server/ops/log/log.h"
#include "server/ops/metrics/metric_families.h"
#include "server/rpc/server_stats.h"

namespace gather::ops {

// Adds what every server process has to tell: its calls, its loops, its log,
// and what it was built from.
void AddServerFamilies(const rpc::ServerStats& stats, const Logger& logger,
                       MetricFamilies& families);

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_METRICS_SERVER_METRICS_H_
