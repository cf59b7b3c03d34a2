#ifndef GATHER_SERVER_OPS_METRICS_METRIC_FAMILIES_H_
#define GATHER_SERVER_OPS_METRICS_METRIC_FAMILIES_H_

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "server/async/counter.h"
#include "server/rpc/call_stats.h"

namespace gather::ops {

using MetricFamilies = std::vector<prometheus::MetricFamily>;
using Labels = std::vector<prometheus::ClientMetric::Label>;

// Begin a family, to add samples to. Every one that a family may ever have is
// added from the start, with zeros: what first appears with a count of its own
// looks to Prometheus as if it had never grown.
prometheus::MetricFamily CounterFamily(std::string name, std::string help);
prometheus::MetricFamily GaugeFamily(std::string name, std::string help);
prometheus::MetricFamily HistogramFamily(std::string name, std::string help);

// Add one sample to a family of either of the first two kinds, and of the
// third.
void AddSample(prometheus::MetricFamily& family, Labels labels, double value);
void AddSample(prometheus::MetricFamily& family, Labels labels,
               const async::HistogramTotals& totals);

// The calls of one method, at either end.
struct MethodCalls {
  const char* name;  // "package.Service/Method"
  bool streams;      // many answers
  const rpc::CallTotals* calls;
};

// Adds what gRPC's dashboards know as grpc_<side>_started_total,
// grpc_<side>_handled_total and grpc_<side>_handling_seconds; `side` is
// "server" or "client". Codes are written as there: "OK", "DeadlineExceeded".
void AddCallFamilies(const std::string& side,
                     const std::vector<MethodCalls>& methods,
                     MetricFamilies& families);

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_METRICS_METRIC_FAMILIES_H_
