#include "server/ops/metrics/metric_families.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gather::ops {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using Seconds = std::chrono::duration<double>;

// As go-grpc-prometheus writes them, whose names the dashboards have.
constexpr std::array<const char*, rpc::kCodes> kCodeNames = {
    "OK",
    "Canceled",
    "Unknown",
    "InvalidArgument",
    "DeadlineExceeded",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "ResourceExhausted",
    "FailedPrecondition",
    "Aborted",
    "OutOfRange",
    "Unimplemented",
    "Internal",
    "Unavailable",
    "DataLoss",
    "Unauthenticated"};

MetricFamily Family(std::string name, std::string help,
                    prometheus::MetricType type) {
  return {std::move(name), std::move(help), type, {}};
}

Labels MethodLabels(const MethodCalls& method) {
  const std::string_view name = method.name;
  const std::size_t slash = name.find('/');
  return {{"grpc_type", method.streams ? "server_stream" : "unary"},
          {"grpc_service", std::string(name.substr(0, slash))},
          {"grpc_method", std::string(name.substr(slash + 1))}};
}

}  // namespace

MetricFamily CounterFamily(std::string name, std::string help) {
  return Family(std::move(name), std::move(help),
                prometheus::MetricType::Counter);
}

MetricFamily GaugeFamily(std::string name, std::string help) {
  return Family(std::move(name), std::move(help),
                prometheus::MetricType::Gauge);
}

MetricFamily HistogramFamily(std::string name, std::string help) {
  return Family(std::move(name), std::move(help),
                prometheus::MetricType::Histogram);
}

void AddSample(MetricFamily& family, Labels labels, double value) {
  ClientMetric& metric = family.metric.emplace_back();
  metric.label = std::move(labels);
  if (family.type == prometheus::MetricType::Gauge) {
    metric.gauge.value = value;
  } else {
    metric.counter.value = value;
  }
}

void AddSample(MetricFamily& family, Labels labels,
               const async::HistogramTotals& totals) {
  ClientMetric& metric = family.metric.emplace_back();
  metric.label = std::move(labels);
  ClientMetric::Histogram& histogram = metric.histogram;
  uint64_t cumulative = 0;
  for (std::size_t i = 0; i < totals.bounds.size(); ++i) {
    cumulative += totals.counts[i];
    histogram.bucket.push_back({cumulative, Seconds(totals.bounds[i]).count()});
  }
  // The serializer adds the bucket of all.
  histogram.sample_count = cumulative + totals.counts.back();
  histogram.sample_sum = Seconds(totals.sum).count();
}

void AddCallFamilies(const std::string& side,
                     const std::vector<MethodCalls>& methods,
                     MetricFamilies& families) {
  const std::string prefix = "grpc_" + side;
  MetricFamily started =
      CounterFamily(prefix + "_started_total", "Calls that were begun.");
  MetricFamily handled = CounterFamily(prefix + "_handled_total",
                                       "Calls that have ended, by code.");
  MetricFamily handling =
      HistogramFamily(prefix + "_handling_seconds",
                      "How long calls took, from their begin to their end.");
  for (const MethodCalls& method : methods) {
    const Labels labels = MethodLabels(method);
    AddSample(started, labels, static_cast<double>(method.calls->started));
    AddSample(handling, labels, method.calls->handling);
    for (std::size_t code = 0; code < rpc::kCodes; ++code) {
      Labels with_code = labels;
      with_code.push_back({"grpc_code", kCodeNames[code]});
      AddSample(handled, std::move(with_code),
                static_cast<double>(method.calls->handled[code]));
    }
  }
  families.push_back(std::move(started));
  families.push_back(std::move(handled));
  families.push_back(std::move(handling));
}

}  // namespace gather::ops
