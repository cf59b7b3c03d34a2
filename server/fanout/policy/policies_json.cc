#include "server/fanout/policy/policies_json.h"

#include <chrono>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gather/fanout/v1/policies.pb.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/time_util.h"

namespace gather::fanout {
namespace {

using async::Clock;

google::protobuf::Duration ToProto(Clock::duration duration) {
  return google::protobuf::util::TimeUtil::NanosecondsToDuration(
      std::chrono::nanoseconds(duration).count());
}

v1::BackendPolicy ToProto(const PolicySettings& settings) {
  v1::BackendPolicy policy;
  *policy.mutable_section_timeout() = ToProto(settings.section_timeout);
  v1::ConcurrencyLimitPolicy& limit = *policy.mutable_concurrency_limit();
  limit.set_enabled(settings.limit.enabled);
  limit.set_floor(settings.limit.floor);
  limit.set_maximum(settings.limit.maximum);
  v1::CircuitBreakerPolicy& breaker = *policy.mutable_circuit_breaker();
  breaker.set_enabled(settings.breaker.enabled);
  breaker.set_failure_percent(settings.breaker.failure_percent);
  *breaker.mutable_window() = ToProto(settings.breaker.window);
  breaker.set_minimum_calls(settings.breaker.minimum_calls);
  *breaker.mutable_open_min() = ToProto(settings.breaker.open_min);
  *breaker.mutable_open_max() = ToProto(settings.breaker.open_max);
  v1::RetryPolicy& retry = *policy.mutable_retry();
  retry.set_max_attempts(settings.retry.max_attempts);
  *retry.mutable_initial_backoff() = ToProto(settings.retry.initial_backoff);
  *retry.mutable_attempt_timeout() = ToProto(settings.retry.attempt_timeout);
  v1::HedgingPolicy& hedging = *policy.mutable_hedging();
  hedging.set_enabled(settings.hedging.enabled);
  hedging.set_percentile(settings.hedging.percentile);
  *hedging.mutable_min_delay() = ToProto(settings.hedging.min_delay);
  hedging.set_budget_percent(settings.hedging.budget_percent);
  policy.mutable_coalescing()->set_enabled(settings.coalescing.enabled);
  v1::StaleAnswersPolicy& stale = *policy.mutable_stale_answers();
  stale.set_enabled(settings.stale_answers.enabled);
  *stale.mutable_max_stale() = ToProto(settings.stale_answers.max_stale);
  stale.set_max_entries(settings.stale_answers.max_entries);
  stale.set_max_bytes(settings.stale_answers.max_bytes);
  return policy;
}

}  // namespace

std::string PoliciesAsJson(
    const std::map<std::string, PolicySettings>& policies) {
  std::vector<std::string> lines;
  for (const auto& [section, settings] : policies) {
    std::string json;
    // A message of ours always has a JSON form.
    (void)google::protobuf::util::MessageToJsonString(ToProto(settings), &json);
    lines.push_back(absl::StrCat("  \"", section, "\": ", json));
  }
  return absl::StrCat("{\"sections\": {\n", absl::StrJoin(lines, ",\n"),
                      "\n}}\n");
}

}  // namespace gather::fanout
