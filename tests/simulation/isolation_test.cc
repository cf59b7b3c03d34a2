// What a backend's trouble does to the sections of others, and how soon its own
// are back.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>

#include "tests/simulation/fan_out_model.h"
#include "tests/simulation/report.h"

namespace gather::simulation {
namespace {

using namespace std::chrono_literals;
using fanout::CircuitBreaker;
using testing::IsEmpty;

constexpr std::size_t kHealthy = 0;
constexpr std::size_t kSick = 1;
constexpr double kRate = 400;  // requests a second
constexpr int kBudget = 500;   // requests in flight

const Script kServes = {Phase{}};

// 5 ms, then `phase` from `from`, then 5 ms from `until`.
Script Trouble(Phase phase, Clock::duration from, Clock::duration until) {
  phase.from = from;
  return {Phase{}, phase, Phase{.from = until}};
}

fanout::PolicySettings WithinBudget() {
  fanout::PolicySettings settings;
  settings.limit.maximum = kBudget;
  return settings;
}

FanOutOptions Options(const fanout::PolicySettings& settings) {
  return {.settings = {settings, settings}, .max_inflight = kBudget};
}

class HangTest : public testing::TestWithParam<Phase::Kind> {
 protected:
  const Script script_ = Trouble({.kind = GetParam()}, 5s, 15s);
};

INSTANTIATE_TEST_SUITE_P(Kinds, HangTest,
                         testing::Values(Phase::Kind::kHang,
                                         Phase::Kind::kHangThenAnswer));

TEST_P(HangTest, CostsItsOwnSectionAloneAndSoonNoTime) {
  FanOutModel model({kServes, script_}, Options(WithinBudget()));
  model.Load(kRate, 0s, 20s);
  model.Run();
  EXPECT_THAT(model.violations(), IsEmpty());
  const Report all(model, 0s, 20s);
  EXPECT_EQ(all.refused(), 0);
  EXPECT_EQ(all.Lost(kHealthy), 0);
  EXPECT_LT(model.most_in_flight(kSick), 350);
  // Until the stall is seen they wait; then one a probe does.
  EXPECT_LT(Report(model, 5s, 7s).Median(), 50ms);
  EXPECT_LT(Report(model, 6s, 15s).Quantile(0.99), 50ms);
}

TEST_P(HangTest, IsOverWithinTwoSecondsOfItsEnd) {
  FanOutModel model({kServes, script_}, Options(WithinBudget()));
  model.Load(kRate, 0s, 20s);
  model.Run();
  EXPECT_EQ(Report(model, 17s, 20s).Lost(kSick), 0);
  EXPECT_EQ(model.policies(kSick).limit().limit(), kBudget);
}

TEST_P(HangTest, WithoutBreakerTheLimitBoundsIt) {
  fanout::PolicySettings settings;
  settings.breaker.enabled = false;
  FanOutModel model({kServes, script_},
                    {.settings = {settings, settings}, .max_inflight = 2000});
  model.Load(kRate, 0s, 25s);
  model.Run();
  EXPECT_THAT(model.violations(), IsEmpty());
  EXPECT_EQ(Report(model, 0s, 25s).Lost(kHealthy), 0);
  EXPECT_LT(model.most_in_flight(kSick), 1300);  // the timeout's worth
  EXPECT_LT(Report(model, 9s, 15s).Median(), 50ms);
  EXPECT_EQ(Report(model, 17s, 25s).Lost(kSick), 0);
}

TEST(ColdHangTest, IsSeenBeforeTheBudgetIsGone) {
  FanOutModel model({kServes, {{.kind = Phase::Kind::kHang}, {.from = 10s}}},
                    Options(WithinBudget()));
  model.Load(kRate, 0s, 15s);
  model.Run();
  EXPECT_THAT(model.violations(), IsEmpty());
  EXPECT_EQ(Report(model, 0s, 15s).refused(), 0);
  EXPECT_LT(Report(model, 0s, 2s).Median(), 50ms);
  EXPECT_EQ(Report(model, 12s, 15s).Lost(kSick), 0);
}

TEST(ColdHangTest, FewThatWaitAreGivenHalfOfTheTimeout) {
  FanOutModel model({kServes, {{.kind = Phase::Kind::kHang}, {.from = 10s}}},
                    {});
  model.Load(100, 0s, 15s);
  model.Run();
  EXPECT_LT(model.most_in_flight(kSick), 200);
  EXPECT_EQ(Report(model, 2s, 10s).Count(kSick, SectionEnd::kFailed), 0);
  EXPECT_LT(Report(model, 2s, 10s).Quantile(0.95), 50ms);
  EXPECT_EQ(Report(model, 12s, 15s).Lost(kSick), 0);
}

TEST(OutageTest, IsLeftAloneAndOverWithinTwoSecondsOfItsEnd) {
  FanOutModel model({kServes, Trouble({.kind = Phase::Kind::kDown}, 5s, 15s)},
                    Options(WithinBudget()));
  model.Load(kRate, 0s, 20s);
  model.Run();
  EXPECT_THAT(model.violations(), IsEmpty());
  EXPECT_EQ(Report(model, 0s, 20s).Lost(kHealthy), 0);
  EXPECT_EQ(Report(model, 17s, 20s).Lost(kSick), 0);
  // A backend that is down gets probes, a few a second.
  const auto& breaker = model.policies(kSick).breaker();
  EXPECT_LT(breaker.transitions(CircuitBreaker::Cause::kProbeFailed), 50);
}

TEST(OutageTest, FlakyBackendKeepsWhatRetriesBring) {
  // One attempt in four fails: of the calls, with three attempts, 1.6 %.
  FanOutModel model({kServes, {{.failures = 0.05}}}, Options(WithinBudget()));
  model.Load(kRate, 0s, 20s);
  model.Run();
  EXPECT_THAT(model.violations(), IsEmpty());
  const Report all(model, 0s, 20s);
  EXPECT_EQ(all.Lost(kHealthy), 0);
  EXPECT_LT(all.Lost(kSick), all.requests() / 200);
}

TEST(SlowdownTest, BackendThatHasBecomeSlowComesBack) {
  Phase slow{.from = 5s, .latency = {.median = 2s, .sigma = 0.02}};
  FanOutModel model({kServes, {Phase{}, slow}}, {.max_inflight = 1500});
  model.Load(kRate, 0s, 30s);
  model.Run();
  EXPECT_THAT(model.violations(), IsEmpty());
  EXPECT_EQ(Report(model, 0s, 30s).refused(), 0);
  EXPECT_EQ(Report(model, 0s, 30s).Lost(kHealthy), 0);
  EXPECT_EQ(Report(model, 8s, 30s).Lost(kSick), 0);
}

TEST(OverloadTest, LimitKeepsBackendAtItsCapacity) {
  // 350 a second are all that it can do, from 5 s on.
  Phase full{
      .from = 5s, .latency = {.median = 20ms, .sigma = 0.1}, .workers = 7};
  FanOutModel model({kServes, {Phase{}, full}}, Options(WithinBudget()));
  model.Load(kRate, 0s, 120s);
  model.Run();
  EXPECT_THAT(model.violations(), IsEmpty());
  const Report late(model, 20s, 120s);
  EXPECT_EQ(late.Lost(kHealthy), 0);
  EXPECT_GT(late.Count(kSick, SectionEnd::kArrived), 0.95 * 350 * 100);
  EXPECT_LT(late.Quantile(0.99), 1s);
}

}  // namespace
}  // namespace gather::simulation
