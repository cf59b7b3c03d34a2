#include "server/fanout/policy/policies_file.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "gather/fanout/v1/policies.pb.h"
#include "google/protobuf/util/json_util.h"
#include "server/fanout/policy/json_fault.h"
#include "server/json/json_file.h"

namespace gather::fanout {
namespace {

using async::Clock;
using google::protobuf::util::JsonStringToMessage;

constexpr int kMostCalls = 1'000'000;
constexpr Clock::duration kLeastTime = std::chrono::milliseconds(1);
constexpr Clock::duration kMostTime = std::chrono::minutes(10);

// What the reader says of `text`, after `what`.
template <typename Status>
std::string FaultOf(const Status& status, absl::string_view what,
                    const std::string& text) {
  const json::JsonError error = json::ErrorOf(status, text);
  return absl::StrCat(error.place, what, error.words);
}

// What is wrong with `text`; empty where it is the JSON form of Policies, which
// `policies` then is.
std::string Parse(const std::string& text, v1::Policies* policies) {
  google::protobuf::Struct object;
  const auto as_object = JsonStringToMessage(text, &object);
  if (!as_object.ok()) {
    return FaultOf(as_object, "not a JSON object: ", text);
  }
  std::string fault = FindJsonFault(object, *policies->GetDescriptor());
  if (!fault.empty()) return fault;
  const auto parsed = JsonStringToMessage(text, policies);
  return parsed.ok() ? "" : FaultOf(parsed, "", text);
}

// Takes over what a message of the file sets, and remembers the first value
// that is out of its range. The path is that of the message.
class Taker {
 public:
  Taker(std::string path, std::string& fault)
      : path_(std::move(path)), fault_(fault) {}

  Taker Below(absl::string_view field) const {
    return {absl::StrCat(path_, ".", field), fault_};
  }

  void Take(absl::string_view field, int value, int least, int most,
            int& target) {
    target = value;
    if (value >= least && value <= most) return;
    Fault(field, absl::StrCat(value, " is not from ", least, " to ", most));
  }

  template <typename Duration>
  void Take(absl::string_view field, const google::protobuf::Duration& value,
            Clock::duration least, Clock::duration most, Duration& target) {
    const absl::Duration time =
        absl::Seconds(value.seconds()) + absl::Nanoseconds(value.nanos());
    // As the file has them.
    const auto shown = [](absl::Duration duration) {
      return absl::StrCat(absl::ToDoubleSeconds(duration), "s");
    };
    target =
        std::chrono::duration_cast<Duration>(absl::ToChronoNanoseconds(time));
    if (time >= absl::FromChrono(least) && time <= absl::FromChrono(most)) {
      return;
    }
    Fault(field, absl::StrCat(shown(time), " is not from ",
                              shown(absl::FromChrono(least)), " to ",
                              shown(absl::FromChrono(most))));
  }

  void Fault(absl::string_view field, absl::string_view what) {
    if (fault_.empty()) fault_ = absl::StrCat(path_, ".", field, ": ", what);
  }

 private:
  const std::string path_;
  std::string& fault_;
};

void TakeLimit(const v1::ConcurrencyLimitPolicy& policy, Taker taker,
               ConcurrencyLimitSettings& limit) {
  if (policy.has_enabled()) limit.enabled = policy.enabled();
  if (policy.has_floor()) {
    taker.Take("floor", policy.floor(), 1, kMostCalls, limit.floor);
  }
  if (policy.has_maximum()) {
    taker.Take("maximum", policy.maximum(), 1, kMostCalls, limit.maximum);
  }
}

void TakeBreaker(const v1::CircuitBreakerPolicy& policy, Taker taker,
                 CircuitBreakerSettings& breaker) {
  if (policy.has_enabled()) breaker.enabled = policy.enabled();
  if (policy.has_failure_percent()) {
    taker.Take("failurePercent", policy.failure_percent(), 1, 100,
               breaker.failure_percent);
  }
  if (policy.has_window()) {
    taker.Take("window", policy.window(), std::chrono::milliseconds(100),
               kMostTime, breaker.window);
  }
  if (policy.has_minimum_calls()) {
    taker.Take("minimumCalls", policy.minimum_calls(), 1, kMostCalls,
               breaker.minimum_calls);
  }
  if (policy.has_open_min()) {
    taker.Take("openMin", policy.open_min(), kLeastTime, kMostTime,
               breaker.open_min);
  }
  if (policy.has_open_max()) {
    taker.Take("openMax", policy.open_max(), kLeastTime, kMostTime,
               breaker.open_max);
  }
}

void TakeRetry(const v1::RetryPolicy& policy, Taker taker,
               rpc::RetryPolicy& retry) {
  if (policy.has_max_attempts()) {
    taker.Take("maxAttempts", policy.max_attempts(), 1, 10, retry.max_attempts);
  }
  if (policy.has_initial_backoff()) {
    taker.Take("initialBackoff", policy.initial_backoff(), kLeastTime,
               std::chrono::minutes(1), retry.initial_backoff);
  }
  if (policy.has_attempt_timeout()) {
    const bool off = policy.attempt_timeout().seconds() == 0 &&
                     policy.attempt_timeout().nanos() == 0;
    taker.Take("attemptTimeout", policy.attempt_timeout(),
               off ? Clock::duration::zero() : kLeastTime, kMostTime,
               retry.attempt_timeout);
  }
}

void TakeHedging(const v1::HedgingPolicy& policy, Taker taker,
                 HedgingSettings& hedging) {
  if (policy.has_enabled()) hedging.enabled = policy.enabled();
  if (policy.has_percentile()) {
    taker.Take("percentile", policy.percentile(), 50, 99, hedging.percentile);
  }
  if (policy.has_min_delay()) {
    taker.Take("minDelay", policy.min_delay(), kLeastTime, kMostTime,
               hedging.min_delay);
  }
  if (policy.has_budget_percent()) {
    taker.Take("budgetPercent", policy.budget_percent(), 1, 100,
               hedging.budget_percent);
  }
}

void TakeStaleAnswers(const v1::StaleAnswersPolicy& policy, Taker taker,
                      StaleAnswerSettings& stale) {
  if (policy.has_enabled()) stale.enabled = policy.enabled();
  if (policy.has_max_stale()) {
    taker.Take("maxStale", policy.max_stale(), kLeastTime,
               std::chrono::hours(24), stale.max_stale);
  }
  if (policy.has_max_entries()) {
    taker.Take("maxEntries", policy.max_entries(), 1, 10'000'000,
               stale.max_entries);
  }
  if (policy.has_max_bytes()) {
    taker.Take("maxBytes", policy.max_bytes(), 1 << 16,
               std::numeric_limits<int>::max(), stale.max_bytes);
  }
}

void TakeBackend(const v1::BackendPolicy& policy, Taker taker,
                 PolicySettings& settings) {
  if (policy.has_section_timeout()) {
    taker.Take("sectionTimeout", policy.section_timeout(), kLeastTime,
               kMostTime, settings.section_timeout);
  }
  TakeLimit(policy.concurrency_limit(), taker.Below("concurrencyLimit"),
            settings.limit);
  TakeBreaker(policy.circuit_breaker(), taker.Below("circuitBreaker"),
              settings.breaker);
  TakeRetry(policy.retry(), taker.Below("retry"), settings.retry);
  TakeHedging(policy.hedging(), taker.Below("hedging"), settings.hedging);
  if (policy.coalescing().has_enabled()) {
    settings.coalescing.enabled = policy.coalescing().enabled();
  }
  TakeStaleAnswers(policy.stale_answers(), taker.Below("staleAnswers"),
                   settings.stale_answers);
}

// What has to fit together fits only once all is taken over. A limit's floor is
// moved unless it was asked for: a maximum below it says enough.
void CheckTogether(const v1::BackendPolicy& policy, Taker taker,
                   PolicySettings& settings) {
  ConcurrencyLimitSettings& limit = settings.limit;
  if (!policy.concurrency_limit().has_floor()) {
    limit.floor = std::min(limit.floor, limit.maximum);
  }
  if (limit.floor > limit.maximum) {
    taker.Below("concurrencyLimit").Fault("floor", "more than the maximum");
  }
  CircuitBreakerSettings& breaker = settings.breaker;
  if (breaker.open_min <= breaker.open_max) return;
  if (policy.circuit_breaker().has_open_min()) {
    taker.Below("circuitBreaker").Fault("openMin", "longer than openMax");
  } else {
    taker.Below("circuitBreaker").Fault("openMax", "shorter than openMin");
  }
}

// Of each section; in `fault` the first thing that is wrong.
std::map<std::string, PolicySettings> Resolve(
    const v1::Policies& policies, const std::vector<std::string>& sections,
    const PolicySettings& base, std::string& fault) {
  PolicySettings common = base;
  const Taker at_defaults("defaults", fault);
  TakeBackend(policies.defaults(), at_defaults, common);
  CheckTogether(policies.defaults(), at_defaults, common);
  std::map<std::string, PolicySettings> resolved;
  for (const std::string& section : sections) resolved[section] = common;
  // A map of protobuf's has no order, and the first fault is told.
  const std::map<std::string, v1::BackendPolicy> named(
      policies.sections().begin(), policies.sections().end());
  for (const auto& [name, policy] : named) {
    const auto section = resolved.find(name);
    if (section == resolved.end()) {
      Taker("sections", fault)
          .Fault(absl::Utf8SafeCEscape(name),
                 absl::StrCat("there is no such section, but ",
                              absl::StrJoin(sections, ", ")));
      continue;
    }
    const Taker at_section(absl::StrCat("sections.", name), fault);
    TakeBackend(policy, at_section, section->second);
    CheckTogether(policy, at_section, section->second);
  }
  return resolved;
}

}  // namespace

absl::StatusOr<std::map<std::string, PolicySettings>> LoadPolicies(
    const std::string& path, const std::vector<std::string>& sections,
    const PolicySettings& base) {
  const absl::StatusOr<std::string> text = json::ReadFile(path);
  if (!text.ok()) return text.status();
  v1::Policies policies;
  std::string fault = Parse(*text, &policies);
  std::map<std::string, PolicySettings> resolved;
  if (fault.empty()) resolved = Resolve(policies, sections, base, fault);
  if (fault.empty()) return resolved;
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", fault));
}

}  // namespace gather::fanout
