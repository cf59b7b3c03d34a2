#ifndef GATHER_SERVER_HOST_SECTION_METRICS_H_
#define GATHER_SERVER_HOST_SECTION_METRICS_H_

#include <vector>

#include "server/fanout/aggregator.h"
#include "server/fanout/reason.h"
#include "server/ops/metrics/metric_families.h"

namespace gather::host {

// Adds what an aggregator has to tell beside what every server has: the calls
// of its backends, and what its sections came to.
void AddSectionFamilies(const std::vector<fanout::SectionReport>& reports,
                        const fanout::ReasonWords& words,
                        ops::MetricFamilies& families);

}  // namespace gather::host

#endif  // GATHER_SERVER_HOST_SECTION_METRICS_H_
