#ifndef GATHER_SERVER_OPS_METRICS_PROCESS_METRICS_H_
#define GATHER_SERVER_OPS_METRICS_PROCESS_METRICS_H_

#include "server/ops/metrics/metric_families.h"

namespace gather::ops {

// What the process takes of the machine, under the names that every Prometheus
// client has for it: CPU, memory, file descriptors, and when it started.
// https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics
//
// Reads /proc; what can't be read there is left out.
void AddProcessFamilies(MetricFamilies& families);

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_METRICS_PROCESS_METRICS_H_
