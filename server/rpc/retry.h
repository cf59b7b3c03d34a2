#ifndef GATHER_SERVER_RPC_RETRY_H_
#define GATHER_SERVER_RPC_RETRY_H_

#include <chrono>
#include <optional>
#include <random>

#include "absl/status/status.h"
#include "server/async/clock.h"

namespace gather::rpc {

// When a call is tried again. Only for calls that may be repeated, and only
// after UNAVAILABLE: the one code that says that trying again may help.
struct RetryPolicy {
  // The first call included; 1 never retries.
  int max_attempts = 3;
  // Before attempt n + 1: a random share, from half to all, of
  // initial_backoff * 2^(n-1).
  std::chrono::milliseconds initial_backoff{20};
};

// Keeps retries from making an outage worse: each failure takes a token, each
// success gives a tenth back, and at half or below there is no retry. Idea and
// numbers: "Throttling Retry Attempts and Hedged RPCs" in
// https://github.com/grpc/proposal/blob/master/A6-client-retries.md.
//
// Thread: one.
class RetryThrottle {
 public:
  void RecordSuccess();

  // True if a failed call may be tried again.
  bool RecordFailure();

 private:
  static constexpr double kMaxTokens = 100;
  double tokens_ = kMaxTokens;
};

// The attempts of one call:
//
//   Retry retry(policy, throttle, deadline);
//   while (true) {
//     UnaryCall call(...);
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

  // How long to wait before the next attempt; none where the last one is final:
  // it succeeded, failed for good, was the last, or time or tokens ran out.
  std::optional<async::Clock::duration> After(const absl::Status& status);

  // The attempt that is going on, or was the last: from 1.
  int attempt() const { return attempt_; }

 private:
  const RetryPolicy& policy_;
  RetryThrottle& throttle_;
  const async::Clock::time_point deadline_;
  int attempt_ = 1;
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_RETRY_H_
