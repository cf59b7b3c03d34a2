#include "server/aggregator/metrics.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace gather::aggregator {
namespace {

void AddResults(const std::string& section, const SectionTotals& results,
                prometheus::MetricFamily& family) {
  const auto add = [&](const char* state, const char* reason, uint64_t count) {
    ops::AddSample(family,
                   {{"section", section}, {"state", state}, {"reason", reason}},
                   static_cast<double>(count));
  };
  add("ok", "", results.ok);
  add("not_requested", "", results.not_requested);
  for (std::size_t i = 0; i < kReasons; ++i) {
    add("failed", ReasonName(i), results.failed[i]);
  }
}

}  // namespace

void AddSectionFamilies(
    const std::vector<AggregatorService::SectionReport>& reports,
    ops::MetricFamilies& families) {
  std::vector<ops::MethodCalls> calls;
  prometheus::MetricFamily results = ops::CounterFamily(
      "gather_section_results_total",
      "What the sections of requests came to: the state and the reason are "
      "those of the answer.");
  for (const AggregatorService::SectionReport& report : reports) {
    calls.push_back({report.method, /*streams=*/false, &report.calls});
    AddResults(report.section, report.results, results);
  }
  ops::AddCallFamilies("client", calls, families);
  families.push_back(std::move(results));
}

}  // namespace gather::aggregator
