#include "server/fanout/policy/backend_policies.h"

#include <gtest/gtest.h>

#include <chrono>

namespace gather::fanout {
namespace {

using async::Clock;
using namespace std::chrono_literals;

class BackendPoliciesTest : public ::testing::Test {
 protected:
  // So many calls that end so after `took`, one by one.
  void Call(int calls, CallResult result, Clock::duration took) {
    for (int i = 0; i < calls; ++i) {
      BackendPolicies::Permit permit = policies_.Enter(now_);
      ASSERT_TRUE(permit);
      now_ += took;
      permit.Finish(result, now_);
    }
  }

  bool closed() const {
    return policies_.breaker().state() == CircuitBreaker::State::kClosed;
  }

  BackendPolicies policies_{PolicySettings()};
  Clock::time_point now_{1h};
};

TEST_F(BackendPoliciesTest, BreakerOpensOfFailures) {
  Call(19, CallResult::kFailure, 1ms);
  EXPECT_TRUE(closed());
  Call(1, CallResult::kFailure, 1ms);
  EXPECT_FALSE(closed());
}

// The backend may well answer as many as its connections have streams for.
TEST_F(BackendPoliciesTest, CallsThatWereNeverSentAreNoFailuresOfTheBackend) {
  Call(10, CallResult::kSuccess, 1ms);
  Call(100, CallResult::kNotSent, 3s);
  EXPECT_TRUE(closed());
}

TEST_F(BackendPoliciesTest, CallsThatWereNeverSentLowerTheLimit) {
  Call(10, CallResult::kSuccess, 1ms);
  const int before = policies_.limit().limit();
  Call(100, CallResult::kNotSent, 3s);
  EXPECT_LT(policies_.limit().limit(), before);
}

}  // namespace
}  // namespace gather::fanout
