// Equal calls made once, second calls for those that take long, and answers
// that do not wait for all.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "tests/simulation/fan_out_model.h"
#include "tests/simulation/report.h"

namespace gather::simulation {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

constexpr std::size_t kBackend = 0;
constexpr int kCrowd = 1000;

fanout::PolicySettings Coalescing() {
  fanout::PolicySettings settings;
  settings.coalescing.enabled = true;
  return settings;
}

std::unique_ptr<FanOutModel> ModelOf(Script script, FanOutOptions options) {
  return std::make_unique<FanOutModel>(std::vector<Script>{std::move(script)},
                                       std::move(options));
}

// A crowd every 10 s, so that each finds the breaker closed.
void RunCrowds(FanOutModel& model, int crowds) {
  for (int i = 0; i < crowds; ++i) model.Burst(kCrowd, 10s * i);
  model.Run();
  EXPECT_THAT(model.violations(), IsEmpty());
  EXPECT_EQ(model.policies(kBackend).limit().in_flight(), 0);
}

TEST(ReuseTest, CrowdHasOneCallForEachUser) {
  const auto model = ModelOf({{}}, {.settings = {Coalescing()}, .users = 20});
  RunCrowds(*model, 5);
  EXPECT_EQ(model->calls(), 5 * 20);
  EXPECT_EQ(model->coalesced(), 5 * (kCrowd - 20));
  EXPECT_EQ(Report(*model, 0s, 1min).Lost(kBackend), 0);
}

TEST(ReuseTest, WhoLeavesACrowdCostsTheOthersNothing) {
  const auto model = ModelOf(
      {{.latency = {.median = 100ms}}},
      {.settings = {Coalescing()}, .leavers = 0.7, .leaves_after = 10ms});
  RunCrowds(*model, 5);
  EXPECT_EQ(model->calls(), 5);
  const Report report(*model, 0s, 1min);
  EXPECT_GT(report.Count(kBackend, SectionEnd::kCancelled), 5 * kCrowd / 2);
  EXPECT_EQ(report.Lost(kBackend), 0);
}

TEST(ReuseTest, CallThatEverybodyLeavesIsStopped) {
  const auto model =
      ModelOf({{.kind = Phase::Kind::kHang}},
              {.settings = {Coalescing()}, .leavers = 1, .leaves_after = 10ms});
  RunCrowds(*model, 1);
  EXPECT_EQ(Report(*model, 0s, 1s).Quantile(1), 10ms);
}

// One call for those who began, and one more for those who had not.
TEST(ReuseTest, BackendThatIsDownHasTwoCallsOfACrowd) {
  fanout::PolicySettings settings = Coalescing();
  settings.retry.max_attempts = 1;
  const auto model =
      ModelOf({{.kind = Phase::Kind::kDown}}, {.settings = {settings}});
  RunCrowds(*model, 1);
  EXPECT_EQ(model->calls(), 2);
  EXPECT_EQ(Report(*model, 0s, 1s).Count(kBackend, SectionEnd::kFailed),
            kCrowd);
}

TEST(ReuseTest, FailureIsNotInherited) {
  fanout::PolicySettings settings = Coalescing();
  settings.retry.max_attempts = 1;
  // Down for the crowd's first call, and back for its second.
  const auto model = ModelOf({{.kind = Phase::Kind::kDown}, {.from = 50us}},
                             {.settings = {settings}});
  RunCrowds(*model, 1);
  EXPECT_EQ(Report(*model, 0s, 1s).Count(kBackend, SectionEnd::kFailed), 1);
  EXPECT_EQ(Report(*model, 0s, 1s).Count(kBackend, SectionEnd::kArrived),
            kCrowd - 1);
}

// One call in twenty takes half a second more.
std::unique_ptr<FanOutModel> Tail(bool hedged, double slow_share) {
  fanout::PolicySettings settings;
  settings.hedging = {.enabled = hedged,
                      .percentile = 90,
                      .min_delay = 30ms,
                      .budget_percent = 5};
  auto model = ModelOf({{.latency = {.slow_share = slow_share, .slow = 505ms}}},
                       {.settings = {settings}});
  model->Load(200, 0s, 60s);
  model->Run();
  EXPECT_THAT(model->violations(), IsEmpty());
  return model;
}

TEST(ReuseTest, HedgesCutTheTailWithinTheirBudget) {
  const auto plain = Tail(false, 0.045);
  const auto hedged = Tail(true, 0.045);
  EXPECT_EQ(plain->hedges(kBackend), 0);
  EXPECT_GT(hedged->hedges(kBackend), 400);
  EXPECT_GT(Report(*plain, 5s, 60s).Quantile(0.99),
            5 * Report(*hedged, 5s, 60s).Quantile(0.99));
  EXPECT_LT(static_cast<double>(hedged->calls()),
            1.06 * Report(*hedged, 0s, 60s).requests());
}

TEST(ReuseTest, SlowBackendIsNotAskedTwice) {
  const auto model = Tail(true, 1);
  EXPECT_LT(static_cast<double>(model->calls()),
            1.06 * Report(*model, 0s, 60s).requests());
  EXPECT_EQ(Report(*model, 0s, 60s).Lost(kBackend), 0);
}

TEST(ReuseTest, GoodEnoughDoesNotWaitForWhatHangs) {
  FanOutModel model({{{}}, {{.kind = Phase::Kind::kHang}}},
                    {.soft_timeout = 200ms});
  model.Load(100, 0s, 10s);
  model.Run();
  EXPECT_THAT(model.violations(), IsEmpty());
  const Report report(model, 0s, 10s);
  EXPECT_EQ(report.Lost(0), 0);
  EXPECT_GT(report.Count(1, SectionEnd::kSoftTimeout), 0);
  EXPECT_LE(report.Quantile(1), 200ms);
}

// Nothing is not good enough: it waits for the first section that comes.
TEST(ReuseTest, GoodEnoughHasOneSectionAtLeast) {
  FanOutModel model({{{.latency = {.median = 500ms, .sigma = 0}}},
                     {{.latency = {.median = 900ms, .sigma = 0}}}},
                    {.soft_timeout = 200ms});
  model.Burst(10, 0s);
  model.Run();
  const Report report(model, 0s, 1s);
  EXPECT_EQ(report.Count(0, SectionEnd::kArrived), 10);
  EXPECT_EQ(report.Count(1, SectionEnd::kSoftTimeout), 10);
  EXPECT_EQ(report.Quantile(1), 500ms);
}

}  // namespace
}  // namespace gather::simulation
