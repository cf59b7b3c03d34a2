#ifndef GATHER_SERVER_AGGREGATOR_METRICS_H_
#define GATHER_SERVER_AGGREGATOR_METRICS_H_

#include <vector>

#include "server/aggregator/service.h"
#include "server/ops/metrics/metric_families.h"

namespace gather::aggregator {

// Adds what an aggregator has to tell beside what every server has: the calls
// of its backends, and what its sections came to.
void AddSectionFamilies(
    const std::vector<AggregatorService::SectionReport>& reports,
    ops::MetricFamilies& families);

}  // namespace gather::aggregator

#endif  // GATHER_SERVER_AGGREGATOR_METRICS_H_
