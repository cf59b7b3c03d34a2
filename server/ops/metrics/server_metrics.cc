#include "server/ops/metrics/server_metrics.h"

#include <grpcpp/grpcpp.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace gather::ops {
namespace {

using prometheus::MetricFamily;

void AddLoopFamilies(const std::vector<rpc::ServerStats::Loop>& loops,
                     MetricFamilies& families) {
  MetricFamily completions =
      CounterFamily("gather_event_loop_completions_total",
                    "Completions that an event loop has delivered.");
  MetricFamily lag = HistogramFamily(
      "gather_event_loop_lag_seconds",
      "By how much a timer that is set every 100 ms comes too late.");
  for (std::size_t i = 0; i < loops.size(); ++i) {
    const Labels labels = {{"loop", std::to_string(i)}};
    AddSample(completions, labels, static_cast<double>(loops[i].completions));
    AddSample(lag, labels, loops[i].lag);
  }
  families.push_back(std::move(completions));
  families.push_back(std::move(lag));
}

// A family of one sample without labels.
MetricFamily Single(MetricFamily family, double value) {
  AddSample(family, {}, value);
  return family;
}

}  // namespace

void AddServerFamilies(const rpc::ServerStats& stats, const Logger& logger,
                       MetricFamilies& families) {
  std::vector<MethodCalls> methods;
  for (const rpc::ServerStats::Method& method : stats.methods) {
    methods.push_back({method.name, method.streams, &method.calls});
  }
  AddCallFamilies("server", methods, families);
  AddLoopFamilies(stats.loops, families);
  families.push_back(Single(
      GaugeFamily("gather_requests_in_flight", "Requests that are served now."),
      static_cast<double>(stats.in_flight)));
  MetricFamily refused = CounterFamily(
      "gather_requests_refused_total",
      "Requests refused: for --max_inflight, and where a loop was too busy to "
      "answer in time, those whose deadlines passed as they waited included.");
  AddSample(refused, {{"cause", "max_inflight"}},
            static_cast<double>(stats.refused));
  AddSample(refused, {{"cause", "overload"}}, static_cast<double>(stats.shed));
  families.push_back(std::move(refused));
  families.push_back(
      Single(CounterFamily("gather_event_loop_stalls_total",
                           "Steps that held a loop beyond --stall_limit."),
             static_cast<double>(stats.stalls)));
  families.push_back(
      Single(CounterFamily("gather_log_dropped_total",
                           "Log records lost to a reader that fell behind."),
             static_cast<double>(logger.dropped())));
  MetricFamily build =
      GaugeFamily("gather_build_info", "What this was built from: always 1.");
  AddSample(build,
            {{"version", GATHER_VERSION}, {"grpc_version", grpc::Version()}},
            1);
  families.push_back(std::move(build));
}

}  // namespace gather::ops
