// A backend that has no trouble loses no section, however it takes its time.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/simulation/fan_out_model.h"
#include "tests/simulation/report.h"

namespace gather::simulation {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

struct Nature {
  std::string name;
  Latency latency;
};

class NoLossTest : public testing::TestWithParam<Nature> {
 protected:
  const Script script_ = {{.latency = GetParam().latency}};

  void ExpectNoLoss(const FanOutModel& model) {
    EXPECT_THAT(model.violations(), IsEmpty());
    EXPECT_EQ(Report(model, 0s, 1h).Lost(0), 0);
  }
};

INSTANTIATE_TEST_SUITE_P(
    Natures, NoLossTest,
    testing::Values(Nature{"Fast", {.median = 5ms}},
                    Nature{"Slow", {.median = 500ms, .sigma = 0.05}},
                    Nature{"HeavyTailed", {.median = 20ms, .sigma = 0.9}},
                    Nature{"Bimodal", {.slow_share = 0.1, .slow = 1s}},
                    Nature{"MostlySlow", {.slow_share = 0.9, .slow = 1400ms}}),
    [](const auto& nature) { return nature.param.name; });

TEST_P(NoLossTest, SteadyLoad) {
  FanOutModel model({script_}, {});
  model.Load(400, 0s, 60s);
  model.Run();
  ExpectNoLoss(model);
}

TEST_P(NoLossTest, LoadThatGrowsAndFalls) {
  FanOutModel model({script_}, {});
  for (int i = 0; i < 20; ++i) {
    model.Load(i % 2 == 0 ? 20 : 1000, i * 2s, (i + 1) * 2s);
  }
  model.Run();
  ExpectNoLoss(model);
}

TEST_P(NoLossTest, ColdBurst) {
  FanOutModel model({script_}, {});
  model.Burst(10'000, 0s);
  model.Load(400, 0s, 10s);
  model.Run();
  ExpectNoLoss(model);
}

TEST_P(NoLossTest, BurstInTheMidst) {
  FanOutModel model({script_}, {});
  model.Load(400, 0s, 20s);
  model.Burst(10'000, 10s);
  model.Run();
  ExpectNoLoss(model);
}

TEST_P(NoLossTest, CallersWhoComeAtOnceAndStay) {
  FanOutModel model({script_}, {});
  model.Load(20, 0s, 5s);
  model.Callers(2000, 5s, 10s);
  model.Load(20, 10s, 20s);
  model.Run();
  ExpectNoLoss(model);
}

TEST_P(NoLossTest, CallersWhoLeaveCountForNothing) {
  FanOutModel model({script_}, {.leavers = 0.9, .leaves_after = 3ms});
  model.Load(1000, 0s, 20s);
  model.Run();
  ExpectNoLoss(model);
}

// What it works on at a time is bounded: 5,000 a second.
const Phase kBusy = {.latency = {.median = 5ms, .sigma = 0.1}, .workers = 26};

TEST(BusyBackendTest, BurstIsWorkedOff) {
  for (const Clock::duration when : {0s, 10s}) {
    FanOutModel model({{kBusy}}, {});
    model.Load(400, 0s, 20s);
    model.Burst(10'000, when);
    model.Run();
    EXPECT_THAT(model.violations(), IsEmpty());
    EXPECT_EQ(Report(model, 0s, 1h).Lost(0), 0) << "burst at " << when.count();
  }
}

TEST(BusyBackendTest, ManyCallersAreServed) {
  FanOutModel model({{kBusy}}, {});
  model.Load(20, 0s, 5s);
  model.Callers(5000, 5s, 20s);
  model.Run();
  EXPECT_THAT(model.violations(), IsEmpty());
  EXPECT_EQ(Report(model, 0s, 1h).Lost(0), 0);
}

// The price of seeing a cold hang early: a backend that takes longer than half
// of the timeout for its very first answers, under load, loses what comes
// between then and the first of them. Once.
TEST(ColdStartTest, BackendSlowerThanHalfOfTheTimeoutLosesLittle) {
  FanOutModel model({{{.latency = {.median = 2s, .sigma = 0.02}}}}, {});
  model.Load(400, 0s, 20s);
  model.Run();
  EXPECT_THAT(model.violations(), IsEmpty());
  EXPECT_EQ(Report(model, 0s, 1500ms).Lost(0), 0);
  EXPECT_LT(Report(model, 1500ms, 2100ms).Lost(0), 250);
  EXPECT_EQ(Report(model, 2100ms, 1h).Lost(0), 0);
}

TEST(ColdStartTest, SlowBackendThatFewWaitForLosesNothing) {
  FanOutModel model({{{.latency = {.median = 2s, .sigma = 0.02}}}}, {});
  model.Load(8, 0s, 20s);
  model.Run();
  EXPECT_EQ(Report(model, 0s, 1h).Lost(0), 0);
}

}  // namespace
}  // namespace gather::simulation
