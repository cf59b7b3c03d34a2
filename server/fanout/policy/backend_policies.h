#ifndef GATHER_SERVER_FANOUT_POLICY_BACKEND_POLICIES_H_
#define GATHER_SERVER_FANOUT_POLICY_BACKEND_POLICIES_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "server/async/clock.h"
#include "server/fanout/policy/call_result.h"
#include "server/fanout/policy/circuit_breaker.h"
#include "server/fanout/policy/concurrency_limit.h"
#include "server/fanout/policy/hedging.h"
#include "server/fanout/policy/stale_cache.h"
#include "server/rpc/retry.h"

namespace gather::fanout {

// Whether equal calls are made once (reuse/coalescing.h).
struct CoalescingSettings {
  bool enabled = false;
};

// What guards the calls to one backend, in numbers. Why each is what it is
// stands where it is declared.
struct PolicySettings {
  // How long a section's call may take, with its retries. Short of the 5 s that
  // a request has by default: a backend that hangs costs its section, and the
  // rest of the answer is still in time.
  async::Clock::duration section_timeout = std::chrono::seconds(3);
  ConcurrencyLimitSettings limit = {};
  // Of it, stall.unknown is half of the section's timeout, stall.crowd three
  // quarters of the limit's maximum, and what would be longer than the timeout
  // is cut to it.
  CircuitBreakerSettings breaker = {};
  rpc::RetryPolicy retry = {};
  HedgingSettings hedging = {};
  CoalescingSettings coalescing = {};
  StaleAnswerSettings stale_answers = {};

  // A reply may serve more than the request that it was fetched for.
  bool reuses_replies() const {
    return coalescing.enabled || stale_answers.enabled;
  }
};

// All that guards the calls to one backend, put together: from the outside in,
// but for what is reused of replies (fanout/reuse), the section's timeout
// (whoever calls keeps it), the concurrency limit, the circuit breaker, retries
// and hedges, the attempt.
//
//   BackendPolicies::Permit permit = policies.Enter(Clock::now());
//   if (!permit) return FailureFor(permit.refusal());
//   rpc::Retry retry(policies.settings().retry, policies.retry_budget(), ...);
//   ... attempts ...
//   permit.Finish(ResultOf(status.code()), Clock::now());
//
// Why the limit is told less than the breaker: what hung when the breaker
// opened has been dealt with. If those timeouts lowered the limit too, then the
// backend would find it at its floor when it is back.
//
// For the same reason a probe passes a limit in full use, and calls that passed
// before the breaker closes again count against the limit no more.
//
// Thread: any; one for all loops. Lifetime: must outlive its permits.
class BackendPolicies {
 public:
  enum class Refusal : uint8_t { kNone, kConcurrencyLimit, kCircuitOpen };

  // A section's right to call, from Enter() to Finish(). One that goes without
  // Finish() counts as cancelled.
  class [[nodiscard]] Permit {
   public:
    Permit(Permit&& other) noexcept
        : policies_(std::exchange(other.policies_, nullptr)),
          refusal_(other.refusal_),
          place_(other.place_),
          pass_(other.pass_) {}
    Permit& operator=(Permit&&) = delete;
    ~Permit() { Finish(CallResult::kCancelled, pass_.since); }

    explicit operator bool() const { return refusal_ == Refusal::kNone; }
    Refusal refusal() const { return refusal_; }
    // The breaker lets this one call pass to see whether the backend is back.
    bool probe() const { return pass_.probe; }

    // How the call ended, its retries included. Only the first says anything.
    void Finish(CallResult result, async::Clock::time_point now);

   private:
    friend class BackendPolicies;
    explicit Permit(Refusal refusal) : refusal_(refusal) {}
    Permit(BackendPolicies* policies, ConcurrencyLimit::Place place,
           const CircuitBreaker::Pass& pass)
        : policies_(policies), place_(place), pass_(pass) {}

    BackendPolicies* policies_ = nullptr;
    Refusal refusal_ = Refusal::kNone;
    ConcurrencyLimit::Place place_;
    CircuitBreaker::Pass pass_;
  };

  // A section's right to a second call while its first goes on, with a place of
  // its own under the concurrency limit, to Finish().
  class [[nodiscard]] Hedge {
   public:
    Hedge(Hedge&& other) noexcept
        : policies_(std::exchange(other.policies_, nullptr)),
          place_(other.place_),
          since_(other.since_) {}
    Hedge& operator=(Hedge&&) = delete;
    ~Hedge() { Finish(since_); }

    explicit operator bool() const { return policies_ != nullptr; }

    // How it ended is told by the section's permit. Only the first says
    // anything.
    void Finish(async::Clock::time_point now);

   private:
    friend class BackendPolicies;
    Hedge() = default;
    Hedge(BackendPolicies* policies, ConcurrencyLimit::Place place,
          async::Clock::time_point since)
        : policies_(policies), place_(place), since_(since) {}

    BackendPolicies* policies_ = nullptr;
    ConcurrencyLimit::Place place_;
    async::Clock::time_point since_;
  };

  // `seed` and `listener` are the breaker's; so many loops tell it of their
  // calls.
  explicit BackendPolicies(const PolicySettings& settings, uint32_t seed = 1,
                           CircuitBreaker::Listener listener = nullptr,
                           int loops = 1);

  Permit Enter(async::Clock::time_point now);

  // For a hedge that is due. None while the breaker is not closed, the limit is
  // nearly in full use, or the budget is spent.
  Hedge TryHedge(async::Clock::time_point now);

  const PolicySettings& settings() const { return settings_; }
  rpc::RetryThrottle& retry_budget() { return retry_budget_; }
  const rpc::RetryThrottle& retry_budget() const { return retry_budget_; }
  Hedging& hedging() { return hedging_; }
  const Hedging& hedging() const { return hedging_; }
  // Null where no section is answered stale.
  StaleCache* stale_cache() const { return stale_cache_.get(); }
  // For metrics and logs.
  const ConcurrencyLimit& limit() const { return limit_; }
  const CircuitBreaker& breaker() const { return breaker_; }

 private:
  // Where the limit has no place.
  Permit EnterAsProbe(async::Clock::time_point now);

  const PolicySettings settings_;
  ConcurrencyLimit limit_;
  CircuitBreaker breaker_;
  rpc::RetryThrottle retry_budget_;
  Hedging hedging_;
  const std::unique_ptr<StaleCache> stale_cache_;
};

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_POLICY_BACKEND_POLICIES_H_
