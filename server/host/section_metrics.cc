#include "server/host/section_metrics.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <string>
#include <utility>

namespace gather::host {
namespace {

void AddResults(const std::string& section,
                const fanout::SectionTotals& results,
                const fanout::ReasonWords& words,
                prometheus::MetricFamily& family) {
  const auto add = [&](const char* state, const std::string& reason,
                       uint64_t count) {
    ops::AddSample(family,
                   {{"section", section}, {"state", state}, {"reason", reason}},
                   static_cast<double>(count));
  };
  add("ok", "", results.ok);
  add("not_requested", "", results.not_requested);
  for (std::size_t i = 0; i < fanout::kReasons; ++i) {
    const std::string& reason = words.name(static_cast<fanout::Reason>(i));
    add("failed", reason, results.failed[i]);
    add("stale", reason, results.stale[i]);
  }
}

void AddHedges(const std::string& section, const fanout::SectionTotals& results,
               prometheus::MetricFamily& family) {
  for (const auto& [result, count] : {std::pair("won", results.hedges_won),
                                      std::pair("lost", results.hedges_lost)}) {
    ops::AddSample(family, {{"section", section}, {"result", result}},
                   static_cast<double>(count));
  }
}

}  // namespace

void AddSectionFamilies(const std::vector<fanout::SectionReport>& reports,
                        const fanout::ReasonWords& words,
                        ops::MetricFamilies& families) {
  // Two sections may call the same method.
  std::map<std::string, rpc::CallTotals> by_method;
  prometheus::MetricFamily results = ops::CounterFamily(
      "gather_section_results_total",
      "What the sections of requests came to: the state and the reason are "
      "those of the answer.");
  prometheus::MetricFamily stream_wait = ops::HistogramFamily(
      "gather_backend_stream_wait_seconds",
      "How long calls waited for a stream of their connection, of those begun "
      "while all connections had 100 calls or more.");
  prometheus::MetricFamily hedges = ops::CounterFamily(
      "gather_hedges_total",
      "Calls that were made a second time, by which answer was first.");
  prometheus::MetricFamily coalesced = ops::CounterFamily(
      "gather_coalesced_calls_total",
      "Sections that waited for the calls of an equal one, and made none.");
  prometheus::MetricFamily stale = ops::CounterFamily(
      "gather_stale_answers_total",
      "Sections that failed, and were answered from their last good reply.");
  for (const fanout::SectionReport& report : reports) {
    const fanout::SectionTotals& totals = report.results;
    const ops::Labels section{{"section", report.section}};
    ops::AddSample(coalesced, section, static_cast<double>(totals.coalesced));
    ops::AddSample(stale, section,
                   static_cast<double>(std::accumulate(
                       totals.stale.begin(), totals.stale.end(), uint64_t{0})));
    AddHedges(report.section, report.results, hedges);
    ops::AddSample(stream_wait, {{"section", report.section}},
                   report.stream_wait);
    by_method[report.method].Add(report.calls);
    AddResults(report.section, report.results, words, results);
  }
  std::vector<ops::MethodCalls> calls;
  for (const auto& [method, totals] : by_method) {
    calls.push_back({method.c_str(), /*streams=*/false, &totals});
  }
  ops::AddCallFamilies("client", calls, families);
  families.push_back(std::move(results));
  families.push_back(std::move(stream_wait));
  families.push_back(std::move(hedges));
  families.push_back(std::move(coalesced));
  families.push_back(std::move(stale));
}

}  // namespace gather::host
