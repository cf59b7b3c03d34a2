#ifndef GATHER_TESTS_SIMULATION_SECTION_CALL_H_
#define GATHER_TESTS_SIMULATION_SECTION_CALL_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "server/fanout/policy/backend_policies.h"
#include "server/rpc/retry.h"
#include "tests/simulation/fan_out_model.h"

// What is under way in a FanOutModel.
namespace gather::simulation {

struct FanOutModel::Request {
  RequestRecord record;
  std::size_t pending = 0;
  Clock::time_point leaves = Clock::time_point::max();
  bool soft_timeout_passed = false;
  int user = 0;
  // That each section waits for; null where it does for none.
  std::vector<CallPtr> calls;
  std::function<void()> then;  // may be null
};

// A section's call, for one request or, where calls are coalesced, for several.
struct FanOutModel::SectionCall {
  struct Waiter {
    RequestPtr request;
    Clock::time_point deadline;
    bool joined;  // it did not begin the call
    bool again;   // an earlier call failed
  };

  SectionCall(std::size_t index, Backend& called,
              fanout::BackendPolicies::Permit granted, int for_user,
              Clock::time_point until)
      : section(index),
        backend(called),
        permit(std::move(granted)),
        user(for_user),
        deadline(until),
        retry(called.policies.settings().retry, called.policies.retry_budget(),
              until) {}

  const std::size_t section;
  Backend& backend;
  fanout::BackendPolicies::Permit permit;
  const int user;
  const Clock::time_point deadline;
  rpc::Retry retry;
  std::vector<Waiter> waiters;
  bool over = false;
  // The attempt that is under way, and when those of its calls began that are.
  int attempt = 0;
  std::vector<Clock::time_point> sent;
  std::optional<fanout::BackendPolicies::Hedge> hedge;
};

}  // namespace gather::simulation

#endif  // GATHER_TESTS_SIMULATION_SECTION_CALL_H_
