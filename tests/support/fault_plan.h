#ifndef GATHER_TESTS_SUPPORT_FAULT_PLAN_H_
#define GATHER_TESTS_SUPPORT_FAULT_PLAN_H_

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gather/aggregator/v1/aggregator.pb.h"
#include "server/aggregator/overview.h"
#include "tests/support/answers.h"

namespace gather::testing {

// A branch for each section of the product, in the order of its list wherever
// branches are counted.
inline constexpr int kBranches =
    static_cast<int>(aggregator::Overview::Sections::kSize);

// How often the aggregator under test calls a backend that says UNAVAILABLE.
inline constexpr int kMaxAttempts = 3;

// What a backend says of its failures: no answer may have it.
inline constexpr char kBackendsWords[] = "backend's-own-words";

// What happens at one backend.
struct BranchPlan {
  bool requested = true;
  bool required = false;
  // Fetched: requested, or what a requested one depends on.
  bool needed = true;
  // One an attempt: all but the last are UNAVAILABLE. None where it depends on
  // a branch that fails.
  std::vector<Answer> answers;
};

// All that happens to one request, and in what order.
struct FaultPlan {
  // Steps of `order` that are not the number of a branch.
  static constexpr int kCallerCancels = -1;
  // The branches' time runs out.
  static constexpr int kTimeIsUp = -2;

  enum class Deadline {
    kNone,   // the client sets none
    kAmple,  // the section's timeout comes long before it
    kShort,  // the reserve is all that a partial answer has to arrive in
    kTight   // it passes while the calls are on their way
  };

  aggregator::v1::GetOverviewRequest request;
  // A good reply of every backend was there before, and may be answered where
  // there is none now.
  bool stale = false;
  // The request is not as the contract says.
  bool malformed = false;
  std::array<BranchPlan, kBranches> branches;

  // A branch stands here once for each answer that it is let give; the last
  // step may be missing, as for an answer that never comes. One that depends on
  // another stands behind it, but where all happens at once.
  std::vector<int> order;
  // So many of the last steps happen at once: any order may come of them.
  int together = 0;
  // A cancellation waits until every call under way is seen by its backend.
  bool calls_seen_first = true;

  Deadline deadline = Deadline::kAmple;
  // Of kShort and kTight.
  std::chrono::milliseconds timeout{0};
};

// A plan made by chance, the same for the same seed. `user_id` is whom the
// request is for, `stale` as in the plan.
FaultPlan RandomPlan(uint64_t seed, const std::string& user_id,
                     bool stale = false);

// For people who look at a plan that failed.
std::string DebugString(const FaultPlan& plan);

}  // namespace gather::testing

#endif  // GATHER_TESTS_SUPPORT_FAULT_PLAN_H_
