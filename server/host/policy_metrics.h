#ifndef GATHER_SERVER_HOST_POLICY_METRICS_H_
#define GATHER_SERVER_HOST_POLICY_METRICS_H_

#include <vector>

#include "server/fanout/aggregator.h"
#include "server/ops/metrics/metric_families.h"

namespace gather::host {

// Adds where each section's policies stand: limit, calls in flight, breaker,
// retry tokens, and what was refused.
void AddPolicyFamilies(const std::vector<fanout::SectionReport>& reports,
                       ops::MetricFamilies& families);

}  // namespace gather::host

#endif  // GATHER_SERVER_HOST_POLICY_METRICS_H_
