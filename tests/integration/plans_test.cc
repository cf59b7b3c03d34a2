// Whatever happens at the backends, at the client and to the time, and in
// whatever order: one answer, in time, and the one that the rules ask for.
//
//   GATHER_PLANS_SEED   the first plan's seed; the next plan has the next
//   GATHER_PLANS        how many plans
//
// A plan that failed runs again, alone, with its own seed and GATHER_PLANS=1.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/support/aggregator_fixture.h"
#include "tests/support/fault_plan.h"
#include "tests/support/plan_run.h"

namespace gather::testing {
namespace {

using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr uint64_t kPlans = 1000;
constexpr std::chrono::milliseconds kSection = 10s;
#else
constexpr uint64_t kPlans = 10000;
constexpr std::chrono::milliseconds kSection = 2s;
#endif
constexpr int kAtOnce = 96;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  uint64_t value = otherwise;
  if (text != nullptr && !absl::SimpleAtoi(text, &value)) {
    ADD_FAILURE() << name << " is no number: " << text;
  }
  return value;
}

uint64_t AnySeed() { return std::random_device()() % 1'000'000'000; }

// How late the aggregator's answers are against their callers' deadlines, and
// how many there are.
class EndWatch final : public rpc::CallObserver {
 public:
  void OnEnd(const rpc::ServerCall& call, const grpc::Status&) override {
    ends_.fetch_add(1);
    if (call.deadline() == async::Clock::time_point::max()) return;
    const int64_t late =
        (async::Clock::now() - call.deadline()) / std::chrono::milliseconds(1);
    int64_t worst = latest_ms_;
    while (late > worst && !latest_ms_.compare_exchange_weak(worst, late)) {
    }
  }
  int64_t ends() const { return ends_; }
  int64_t latest_ms() const { return latest_ms_; }

 private:
  std::atomic<int64_t> ends_{0};
  std::atomic<int64_t> latest_ms_{INT64_MIN};
};

class PlansTest : public ::testing::Test {
 protected:
  // `stale`: every backend has answered before.
  explicit PlansTest(bool stale = false) : stale_(stale) {}
  ~PlansTest() override { fixture_.StopBackends(); }

  void SetUp() override { board_.Attach(fixture_); }

  // Runs plans until there are none, or one failed.
  void Work() {
    while (!HasFailure()) {
      const uint64_t i = next_.fetch_add(1);
      if (i >= plans_) return;
      RunOne(seed_ + i);
    }
  }

  // What the machine was too slow for runs once more: a fault of the
  // aggregator's comes back.
  void RunOne(uint64_t seed) {
    const std::string user_id = absl::StrCat("plan-", seed);
    if (RunAs(user_id, seed, /*last=*/false)) return;
    ++reruns_;
    RunAs(absl::StrCat(user_id, "-again"), seed, /*last=*/true);
  }

  // False where the machine may have been too slow for a judgement.
  bool RunAs(const std::string& user_id, uint64_t seed, bool last) {
    using Result = PlanRun::Result;
    const FaultPlan plan = RandomPlan(seed, user_id, stale_);
    if (stale_) AnswerOnce(user_id);
    const auto run = std::make_shared<PlanRun>(plan, kSection);
    // Nobody's calls are those that were cancelled too soon to say whose.
    if (!plan.request.user_id().empty()) {
      board_.Add(plan.request.user_id(), run);
    }
    const ::testing::AssertionResult right = run->Run(fixture_.stub());
    board_.Remove(plan.request.user_id());
    if (last || run->result() != Result::kNotSteered) {
      EXPECT_TRUE(right) << "again: GATHER_PLANS_SEED=" << seed
                         << " GATHER_PLANS=1\n"
                         << DebugString(plan);
    }
    if (last && run->result() == Result::kTooSlow) ++too_slow_;
    if (run->result() == Result::kReserveMissed) ++reserve_missed_;
    return run->result() == Result::kJudged ||
           run->result() == Result::kReserveMissed;
  }

  void AnswerOnce(const std::string& user_id) {
    board_.Add(user_id, nullptr);
    const Overview overview = fixture_.Get(RequestForAll(user_id));
    EXPECT_TRUE(overview.response.complete())
        << overview.status.error_message()
        << overview.response.ShortDebugString();
  }

  static FixtureOptions Options(EndWatch* watch, bool stale) {
    FixtureOptions options;
    options.timeouts = {.section = kSection, .total = kSection + 500ms};
    options.retry.max_attempts = kMaxAttempts;
    options.stale_answers.enabled = stale;
    options.coalescing.enabled = stale;
    options.server.event_loops = 2;
    options.server.observer = watch;
    options.server.max_resets_per_second = 0;  // thousands of plans cancel
    return options;
  }

  void RunAll();

  const bool stale_;
  const uint64_t seed_ = FromEnvironment("GATHER_PLANS_SEED", AnySeed());
  const uint64_t plans_ = FromEnvironment("GATHER_PLANS", kPlans);
  std::atomic<uint64_t> next_{0};
  std::atomic<uint64_t> reruns_{0};
  std::atomic<uint64_t> too_slow_{0};
  std::atomic<uint64_t> reserve_missed_{0};
  EndWatch watch_;
  PlanBoard board_;
  AggregatorFixture fixture_{Options(&watch_, stale_)};
};

void PlansTest::RunAll() {
  std::cout << "GATHER_PLANS_SEED=" << seed_ << " GATHER_PLANS=" << plans_
            << std::endl;
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < kAtOnce; ++i) workers.emplace_back([this] { Work(); });
  }
  // Also those that came after their plan was over.
  for (const FakeBackend* backend : fixture_.backends()) {
    EXPECT_TRUE(backend->ends().WaitFor(backend->calls().count()));
  }
  std::cout << fixture_.backend_calls()
            << " backend calls; run again: " << reruns_
            << "; too slow to judge: " << too_slow_
            << "; reserve missed: " << reserve_missed_
            << "; latest end: " << watch_.latest_ms()
            << " ms from its deadline\n";
  EXPECT_LE(watch_.latest_ms(), 2000);
  const uint64_t calls = plans_ + reruns_;
  EXPECT_LE(watch_.ends(), static_cast<int64_t>(stale_ ? 2 * calls : calls));
  // Rather no judgement than a wrong one, but not of many.
  EXPECT_LE(too_slow_, 1 + plans_ / 50);
  EXPECT_LE(reserve_missed_, 1 + plans_ / 100);
  fixture_.server().Drain(async::Clock::now() + kPatience);
  EXPECT_EQ(fixture_.server().admission().in_flight(), 0);
}

TEST_F(PlansTest, EveryAnswerIsOneThatTheModelGives) { RunAll(); }

// With the replies to all that is asked kept, and calls that may be shared.
class StalePlansTest : public PlansTest {
 protected:
  StalePlansTest() : PlansTest(/*stale=*/true) {}
};

TEST_F(StalePlansTest, EveryAnswerIsOneThatTheModelGives) { RunAll(); }

}  // namespace
}  // namespace gather::testing
