#include "server/host/policy_metrics.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

#include "server/fanout/policy/backend_policies.h"

namespace gather::host {
namespace {

using fanout::BackendPolicies;
using fanout::CircuitBreaker;

// By CircuitBreaker::Cause.
constexpr const char* kCauses[CircuitBreaker::kCauses] = {
    "failures",      "stall",           "backoff_over", "probe_failed",
    "probe_timeout", "probe_cancelled", "success"};

// Calls `add(section, policies, family)` for each section, and adds the family.
template <typename Add>
void AddFamily(prometheus::MetricFamily family,
               const std::vector<fanout::SectionReport>& reports, Add add,
               ops::MetricFamilies& families) {
  for (const fanout::SectionReport& report : reports) {
    add(ops::Labels{{"section", report.section}}, *report.policies, family);
  }
  families.push_back(std::move(family));
}

// A sample for each section.
template <typename Value>
auto Sample(Value value) {
  return [value](ops::Labels labels, const BackendPolicies& policies,
                 prometheus::MetricFamily& family) {
    ops::AddSample(family, std::move(labels),
                   static_cast<double>(value(policies)));
  };
}

void AddRefused(ops::Labels labels, const BackendPolicies& policies,
                prometheus::MetricFamily& family) {
  for (const auto& [policy, count] :
       {std::pair("concurrency_limit", policies.limit().refused()),
        std::pair("circuit_breaker", policies.breaker().refused())}) {
    ops::Labels with_policy = labels;
    with_policy.push_back({"policy", policy});
    ops::AddSample(family, std::move(with_policy), static_cast<double>(count));
  }
}

void AddTransitions(ops::Labels labels, const BackendPolicies& policies,
                    prometheus::MetricFamily& family) {
  for (std::size_t i = 0; i < CircuitBreaker::kCauses; ++i) {
    ops::Labels with_cause = labels;
    with_cause.push_back({"cause", kCauses[i]});
    ops::AddSample(family, std::move(with_cause),
                   static_cast<double>(policies.breaker().transitions(
                       static_cast<CircuitBreaker::Cause>(i))));
  }
}

fanout::StaleCacheTotals StaleTotals(const BackendPolicies& policies) {
  const fanout::StaleCache* const cache = policies.stale_cache();
  return cache == nullptr ? fanout::StaleCacheTotals() : cache->totals();
}

void AddLookups(ops::Labels labels, const BackendPolicies& policies,
                prometheus::MetricFamily& family) {
  const fanout::StaleCacheTotals totals = StaleTotals(policies);
  for (const auto& [result, count] :
       {std::pair("hit", totals.hits), std::pair("miss", totals.misses)}) {
    ops::Labels with_result = labels;
    with_result.push_back({"result", result});
    ops::AddSample(family, std::move(with_result), static_cast<double>(count));
  }
}

// What is kept to be answered stale.
void AddStaleFamilies(const std::vector<fanout::SectionReport>& reports,
                      ops::MetricFamilies& families) {
  AddFamily(ops::GaugeFamily("gather_stale_cache_entries",
                             "Replies that are kept for when there is none."),
            reports, Sample([](const BackendPolicies& policies) {
              return StaleTotals(policies).entries;
            }),
            families);
  AddFamily(ops::GaugeFamily("gather_stale_cache_bytes",
                             "What they take, with their keys."),
            reports, Sample([](const BackendPolicies& policies) {
              return StaleTotals(policies).bytes;
            }),
            families);
  AddFamily(ops::CounterFamily("gather_stale_cache_lookups_total",
                               "Sections that failed and may be stale, by "
                               "whether there was a reply."),
            reports, AddLookups, families);
}

}  // namespace

void AddPolicyFamilies(const std::vector<fanout::SectionReport>& reports,
                       ops::MetricFamilies& families) {
  AddFamily(ops::GaugeFamily("gather_backend_calls_in_flight",
                             "Sections whose backend is being called."),
            reports, Sample([](const BackendPolicies& policies) {
              return policies.limit().in_flight();
            }),
            families);
  AddFamily(ops::GaugeFamily("gather_backend_concurrency_limit",
                             "How many may be; what is past it fails at once."),
            reports, Sample([](const BackendPolicies& policies) {
              return policies.limit().limit();
            }),
            families);
  AddFamily(ops::GaugeFamily("gather_circuit_breaker_state",
                             "0 closed, 1 open, 2 half-open."),
            reports, Sample([](const BackendPolicies& policies) {
              return static_cast<int>(policies.breaker().state());
            }),
            families);
  AddFamily(ops::GaugeFamily("gather_retry_tokens",
                             "Of 100; at half or below nothing is retried."),
            reports, Sample([](const BackendPolicies& policies) {
              return policies.retry_budget().tokens();
            }),
            families);
  AddFamily(ops::GaugeFamily("gather_hedge_delay_seconds",
                             "After how long a call is made a second time; 0 "
                             "where it is not."),
            reports, Sample([](const BackendPolicies& policies) {
              return std::chrono::duration<double>(policies.hedging().delay())
                  .count();
            }),
            families);
  AddFamily(ops::CounterFamily("gather_backend_calls_refused_total",
                               "Sections that failed at once, uncalled."),
            reports, AddRefused, families);
  AddFamily(ops::CounterFamily("gather_circuit_breaker_transitions_total",
                               "Changes of the breaker's state, by cause."),
            reports, AddTransitions, families);
  AddStaleFamilies(reports, families);
}

}  // namespace gather::host
