#ifndef GATHER_TESTS_SUPPORT_PLAN_RUN_H_
#define GATHER_TESTS_SUPPORT_PLAN_RUN_H_

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "tests/support/aggregator_fixture.h"
#include "tests/support/fault_plan.h"
#include "tests/support/gate.h"

namespace gather::testing {

// One request that goes as its plan says.
//
// Thread: the test's, but for Meet(). Lifetime: the backends share it until
// its calls are over.
class PlanRun : public std::enable_shared_from_this<PlanRun> {
 public:
  enum class Result {
    kJudged,
    // The machine took so long that a section may have timed out.
    kTooSlow,
    // The reserve was not enough for a partial answer to come in time.
    kReserveMissed,
    // A call that was due was not seen while patience lasted.
    kNotSteered
  };

  // `section` is the aggregator's timeout of a section.
  PlanRun(FaultPlan plan, std::chrono::milliseconds section);

  // How a backend meets the next call of a branch.
  Answer Meet(int branch);

  // Sends the request, takes the plan's steps, and holds the answer against
  // what the plan allows for.
  ::testing::AssertionResult Run(AggregatorStub& stub);

  // Of Run().
  Result result() const { return result_; }

 private:
  using Clock = std::chrono::steady_clock;

  std::optional<std::chrono::milliseconds> Timeout() const;
  ::testing::AssertionResult Steer(PendingOverview& call);
  void Take(int step, PendingOverview& call);
  // Every call that is due by now was seen by its backend.
  ::testing::AssertionResult AwaitCalls() const;
  ::testing::AssertionResult CheckAnswer(const Overview& overview);
  ::testing::AssertionResult CheckTime() const;
  ::testing::AssertionResult CheckCalls() const;

  const FaultPlan plan_;
  const std::chrono::milliseconds section_;
  Clock::time_point start_;
  Result result_ = Result::kJudged;
  std::array<std::size_t, kBranches> let_go_{};
  std::array<std::array<Gate, kMaxAttempts>, kBranches> gates_;
  std::array<EventCounter, kBranches> seen_;
  std::array<EventCounter, kBranches> ends_;
  std::array<EventCounter, kBranches> cancellations_;
};

// Has the backends of a fixture meet each user's calls as that user's plan
// says. A call whose plan is over already is held until it is cancelled.
//
// Thread: any. Lifetime: outlives the fixture's backends.
class PlanBoard {
 public:
  void Attach(AggregatorFixture& fixture);
  // Without a `run` all calls are answered right.
  void Add(const std::string& user_id, std::shared_ptr<PlanRun> run);
  void Remove(const std::string& user_id);

 private:
  Answer Meet(int branch, const std::string& user_id);

  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<PlanRun>> runs_;
};

}  // namespace gather::testing

#endif  // GATHER_TESTS_SUPPORT_PLAN_RUN_H_
