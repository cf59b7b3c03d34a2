#ifndef GATHER_SERVER_RPC_RETRY_H_
#define GATHER_SERVER_RPC_RETRY_H_

#include <atomic>
#include <chrono>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/async/clock.h"

namespace gather::rpc {

// When a call is tried again. Only for calls that may be repeated, and only
// after UNAVAILABLE, the one code that says that trying again may help, or
// where an attempt was given up.
struct RetryPolicy {
  // The first call included; 1 never retries.
  int max_attempts = 3;
  // Before attempt n + 1: a random share, from half to all, of
  // initial_backoff * 2^(n-1).
  std::chrono::milliseconds initial_backoff{20};
  // After how long an attempt is given up so that another may follow: a replica
  // that hangs costs so much, and not all the time that there is. Zero is
  // never.
  std::chrono::milliseconds attempt_timeout{500};
  // It is longer where calls are slow: so many times their mean latency, so
  // that what is given up is lost, not late.
  int attempt_factor = 10;
};

// Keeps retries from making an outage worse: each failure takes a token, each
// success gives a tenth back, and at half or below there is no retry. Idea and
// numbers: "Throttling Retry Attempts and Hedged RPCs" in
// https://github.com/grpc/proposal/blob/master/A6-client-retries.md.
//
// One for each backend, not for each loop: with many, each would have to see
// the outage by itself.
//
// Thread: any, without locks.
class RetryThrottle {
 public:
  void RecordSuccess(async::Clock::duration latency);

  // True if a failed call may be tried again.
  bool RecordFailure();

  // The same, of a failure that is recorded already.
  bool AllowsRetry() const {
    return tokens_.load(std::memory_order_relaxed) > kMaxTokens / 2;
  }

  // Sets a token aside for an attempt that may be given up, so that another can
  // follow whatever fails meanwhile. If true, Unreserve() is due. False
  // where too few are left: of many calls in flight at once, in a burst or to a
  // backend that hangs, most have none, and are waited for.
  bool TryReserve();
  void Unreserve() { reserved_.fetch_sub(kFailure, std::memory_order_relaxed); }

  // Of the last hundred attempts, or so, that succeeded; zero before the first.
  async::Clock::duration mean_latency() const {
    return async::Clock::duration(
        mean_latency_.load(std::memory_order_relaxed));
  }

  // Tokens left.
  double tokens() const {
    return tokens_.load(std::memory_order_relaxed) / 1000.0;
  }

 private:
  static constexpr int kMaxTokens = 100'000;  // in thousandths, as all here
  static constexpr int kFailure = 1000;
  static constexpr int kSuccess = 100;
  std::atomic<int> tokens_{kMaxTokens};
  std::atomic<int> reserved_{0};
  std::atomic<async::Clock::rep> mean_latency_{0};
};

// What a server says of trying again, in the trailing metadata
// "grpc-retry-pushback-ms" of a call that failed (gRFC A6).
class Pushback {
 public:
  // The key, as metadata has it.
  static constexpr char kKey[] = "grpc-retry-pushback-ms";

  // It said nothing: the caller's own back-off holds.
  Pushback() = default;

  // It said `value`: so many milliseconds, which replace the back-off; or, by
  // anything that is negative or no decimal number of 32 bits, not to try
  // again.
  static Pushback Parse(absl::string_view value);

  bool absent() const { return !said_; }
  // None where it said not to try again.
  std::optional<std::chrono::milliseconds> wait() const { return wait_; }

 private:
  bool said_ = false;
  std::optional<std::chrono::milliseconds> wait_;
};

// The attempts of one call:
//
//   Retry retry(policy, throttle, deadline);
//   while (true) {
//     UnaryCall call(..., {.deadline = retry.AttemptDeadline()});
//     reply = co_await call;
//     std::optional<Clock::duration> backoff = retry.After(reply.status());
//     if (!backoff) break;
//     co_await SleepFor(loop, *backoff, stop);
//   }
class Retry {
 public:
  // `policy` and `throttle` must outlive *this.
  Retry(const RetryPolicy& policy, RetryThrottle& throttle,
        async::Clock::time_point deadline)
      : policy_(policy), throttle_(throttle), deadline_(deadline) {}
  Retry(const Retry&) = delete;
  Retry& operator=(const Retry&) = delete;
  ~Retry() { EndAttempt(); }

  // When the attempt that begins now is given up: before the call's deadline
  // only where another may follow, and where it is known how long calls take.
  async::Clock::time_point AttemptDeadline(
      async::Clock::time_point now = async::Clock::now());

  // How long to wait before the next attempt; none where the last one is final:
  // it succeeded, failed for good, was the last, or time or tokens ran out, or
  // the server does not want another. A pushback that says how long replaces
  // the back-off, which starts over from its initial length.
  std::optional<async::Clock::duration> After(
      const absl::Status& status, const Pushback& pushback = {},
      async::Clock::time_point now = async::Clock::now());

  // The attempt that is going on, or was the last: from 1.
  int attempt() const { return attempt_; }

 private:
  async::Clock::duration Backoff(async::Clock::time_point now) const;
  void EndAttempt();
  bool WasGivenUp(const absl::Status& status,
                  async::Clock::time_point now) const;

  const RetryPolicy& policy_;
  RetryThrottle& throttle_;
  const async::Clock::time_point deadline_;
  async::Clock::time_point attempt_start_;
  // Of the attempt that is going on, where it may be given up.
  async::Clock::time_point give_up_from_ = async::Clock::time_point::max();
  int attempt_ = 1;
  int backoffs_ = 0;  // since the last pushback
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_RETRY_H_
