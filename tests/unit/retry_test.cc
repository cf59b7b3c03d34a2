#include "server/rpc/retry.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace gather::rpc {
namespace {

using namespace std::chrono_literals;
using async::Clock;

const absl::Status kDown = absl::UnavailableError("down");
const absl::Status kLate = absl::DeadlineExceededError("late");

TEST(RetryTest, SuccessIsFinal) {
  RetryThrottle throttle;
  const RetryPolicy policy;
  Retry retry(policy, throttle, Clock::now() + 1h);
  EXPECT_EQ(retry.After(absl::OkStatus()), std::nullopt);
  EXPECT_EQ(retry.attempt(), 1);
}

TEST(RetryTest, OnlyUnavailableIsTriedAgain) {
  RetryThrottle throttle;
  const RetryPolicy policy;
  for (int code = 1; code <= 16; ++code) {
    Retry retry(policy, throttle, Clock::now() + 1h);
    const absl::Status status(static_cast<absl::StatusCode>(code), "");
    EXPECT_EQ(retry.After(status).has_value(), absl::IsUnavailable(status))
        << status;
  }
}

TEST(RetryTest, AttemptIsGivenUpWhereAnotherMayFollow) {
  RetryThrottle throttle;
  throttle.RecordSuccess(20ms);
  const RetryPolicy policy{.max_attempts = 2, .attempt_timeout = 500ms};
  const Clock::time_point start = Clock::now();
  Retry retry(policy, throttle, start + 3s);
  EXPECT_EQ(retry.AttemptDeadline(start), start + 500ms);
  EXPECT_TRUE(retry.After(kLate, {}, start + 500ms));
  EXPECT_EQ(retry.attempt(), 2);
  EXPECT_EQ(retry.AttemptDeadline(start + 520ms), start + 3s) << "the last";
  EXPECT_FALSE(retry.After(kLate, {}, start + 3s));
}

TEST(RetryTest, LateAttemptOfASlowBackendIsWaitedFor) {
  const RetryPolicy policy;
  const Clock::time_point start = Clock::now();
  const auto wait = [start](const RetryPolicy& how, Clock::duration latency) {
    RetryThrottle throttle;
    if (latency > 0ms) throttle.RecordSuccess(latency);
    Retry retry(how, throttle, start + 3s);
    return retry.AttemptDeadline(start) - start;
  };
  EXPECT_EQ(wait(policy, 20ms), 500ms);
  EXPECT_EQ(wait(policy, 100ms), 1s);
  EXPECT_EQ(wait(policy, 300ms), 3s);
  EXPECT_EQ(wait(policy, 0ms), 3s) << "nobody knows how long a call takes";
  EXPECT_EQ(wait({.attempt_timeout = 0ms}, 20ms), 3s);
}

TEST(RetryTest, MeanIsOfAttemptsAndNotOfTheirCalls) {
  RetryThrottle throttle;
  throttle.RecordSuccess(20ms);
  const RetryPolicy policy;
  const Clock::time_point start = Clock::now();
  for (int i = 0; i < 20; ++i) {
    Retry retry(policy, throttle, start + 3s);
    ASSERT_EQ(retry.AttemptDeadline(start), start + 500ms) << i;
    ASSERT_TRUE(retry.After(kLate, {}, start + 500ms));
    const Clock::time_point again = start + 520ms;
    (void)retry.AttemptDeadline(again);
    EXPECT_FALSE(retry.After(absl::OkStatus(), {}, again + 20ms));
  }
}

TEST(RetryTest, DeadlineThatTheBackendExceededByItselfIsFinal) {
  RetryThrottle throttle;
  throttle.RecordSuccess(20ms);
  const RetryPolicy policy;
  const Clock::time_point start = Clock::now();
  Retry retry(policy, throttle, start + 3s);
  EXPECT_EQ(retry.AttemptDeadline(start), start + 500ms);
  EXPECT_FALSE(retry.After(kLate, {}, start + 100ms));
}

TEST(RetryTest, AttemptThatMayBeGivenUpHasItsTokenSetAside) {
  RetryThrottle throttle;
  throttle.RecordSuccess(20ms);
  const RetryPolicy policy;
  const Clock::time_point start = Clock::now();
  std::deque<std::optional<Retry>> retries;
  int bounded = 0;
  for (int i = 0; i < 100; ++i) {
    Retry& retry =
        retries.emplace_back(std::in_place, policy, throttle, start + 3s)
            .value();
    bounded += retry.AttemptDeadline(start) < start + 3s;
  }
  EXPECT_EQ(bounded, 49);
  while (throttle.RecordFailure()) {
  }
  // None is left, and each of those has its own.
  for (int i = 0; i < bounded; ++i) {
    EXPECT_TRUE(retries[i]->After(kLate, {}, start + 500ms)) << i;
  }
  EXPECT_FALSE(retries.back()->After(kDown, {}, start + 500ms));
}

TEST(RetryTest, TokenThatWasSetAsideGoesBack) {
  RetryThrottle throttle;
  throttle.RecordSuccess(20ms);
  const RetryPolicy policy;
  const Clock::time_point start = Clock::now();
  for (int i = 0; i < 1000; ++i) {
    Retry retry(policy, throttle, start + 3s);
    EXPECT_EQ(retry.AttemptDeadline(start), start + 500ms);
    if (i % 2 == 0) {
      EXPECT_FALSE(retry.After(absl::OkStatus()));
    }
  }
}

TEST(RetryTest, AttemptIsWaitedForWhereNoTokensAreLeft) {
  RetryThrottle throttle;
  throttle.RecordSuccess(20ms);
  while (throttle.RecordFailure()) {
  }
  const RetryPolicy policy;
  const Clock::time_point start = Clock::now();
  Retry retry(policy, throttle, start + 3s);
  EXPECT_EQ(retry.AttemptDeadline(start), start + 3s);
}

TEST(RetryTest, EndsAfterTheLastAttempt) {
  RetryThrottle throttle;
  const RetryPolicy policy{.max_attempts = 3};
  Retry retry(policy, throttle, Clock::now() + 1h);
  EXPECT_TRUE(retry.After(kDown));
  EXPECT_TRUE(retry.After(kDown));
  EXPECT_FALSE(retry.After(kDown));
  EXPECT_EQ(retry.attempt(), 3);
}

TEST(RetryTest, BackoffDoublesWithinItsJitter) {
  RetryThrottle throttle;
  const RetryPolicy policy{.max_attempts = 4, .initial_backoff = 100ms};
  Retry retry(policy, throttle, Clock::now() + 1h);
  for (const auto most : {100ms, 200ms, 400ms}) {
    const auto backoff = retry.After(kDown);
    ASSERT_TRUE(backoff);
    EXPECT_GE(*backoff, most / 2);
    EXPECT_LE(*backoff, most);
  }
}

TEST(RetryTest, NeverWaitsPastTheDeadline) {
  RetryThrottle throttle;
  const RetryPolicy policy{.max_attempts = 3, .initial_backoff = 10s};
  Retry retry(policy, throttle, Clock::now() + 1s);
  EXPECT_FALSE(retry.After(kDown));
  EXPECT_EQ(retry.attempt(), 1);
}

TEST(RetryTest, PushbackReplacesTheBackoffWhichStartsOver) {
  RetryThrottle throttle;
  const RetryPolicy policy{.max_attempts = 5, .initial_backoff = 100ms};
  Retry retry(policy, throttle, Clock::now() + 1h);
  EXPECT_TRUE(retry.After(kDown));
  EXPECT_TRUE(retry.After(kDown));
  EXPECT_EQ(retry.After(kDown, Pushback::Parse("7000")), 7s);
  const auto backoff = retry.After(kDown);
  ASSERT_TRUE(backoff);
  EXPECT_LE(*backoff, 100ms);
}

TEST(RetryTest, PushbackBeyondTheDeadlineIsFinal) {
  RetryThrottle throttle;
  const RetryPolicy policy;
  const Clock::time_point now = Clock::now();
  Retry retry(policy, throttle, now + 1s);
  EXPECT_FALSE(retry.After(kDown, Pushback::Parse("1000"), now));
}

TEST(RetryTest, UnwantedRetryIsFinalAndTakesAToken) {
  RetryThrottle throttle;
  const RetryPolicy policy;
  const absl::Status other = absl::InternalError("broken");
  for (const absl::Status& status : {kDown, other}) {
    const double before = throttle.tokens();
    Retry retry(policy, throttle, Clock::now() + 1h);
    EXPECT_FALSE(retry.After(status, Pushback::Parse("-1")));
    EXPECT_EQ(throttle.tokens(), before - 1);
  }
}

TEST(PushbackTest, IsAsTheProposalHasIt) {
  EXPECT_TRUE(Pushback().absent());
  EXPECT_EQ(Pushback::Parse("0").wait(), 0ms);
  EXPECT_EQ(Pushback::Parse("1500").wait(), 1500ms);
  for (const char* never : {"-1", "", "soon", "1.5", "99999999999", "0x10"}) {
    EXPECT_FALSE(Pushback::Parse(never).absent()) << never;
    EXPECT_FALSE(Pushback::Parse(never).wait()) << never;
  }
}

TEST(RetryThrottleTest, StopsRetriesInAnOutageAndAllowsThemAfterIt) {
  RetryThrottle throttle;
  int allowed = 0;
  for (int i = 0; i < 1000; ++i) allowed += throttle.RecordFailure();
  EXPECT_EQ(allowed, 49);  // until half of 100 tokens is left
  for (int i = 0; i < 400; ++i) throttle.RecordSuccess(20ms);
  EXPECT_FALSE(throttle.RecordFailure());
  for (int i = 0; i < 200; ++i) throttle.RecordSuccess(20ms);
  EXPECT_TRUE(throttle.RecordFailure());
}

TEST(RetryThrottleTest, CountsForAllThreadsTogether) {
  RetryThrottle throttle;
  std::atomic<int> allowed{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) allowed += throttle.RecordFailure();
    });
  }
  threads.clear();
  EXPECT_EQ(allowed, 49);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 150; ++i) throttle.RecordSuccess(20ms);
    });
  }
  threads.clear();
  EXPECT_EQ(throttle.tokens(), 60);
}

}  // namespace
}  // namespace gather::rpc
