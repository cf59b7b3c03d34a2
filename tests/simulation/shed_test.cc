// What a loop that is asked for more than it can do still does.

#include "server/rpc/shed.h"

#include <gtest/gtest.h>

#include <chrono>
#include <tuple>
#include <utility>

#include "tests/simulation/loop_model.h"

namespace gather::simulation {
namespace {

using namespace std::chrono_literals;

constexpr Clock::duration kDeadline = 500ms;
constexpr Clock::duration kOverload = 10s;
// More than any of these tests has waiting, and far less.
constexpr int kAll = 0;
constexpr int kFew = 16;

// Of the loop's capacity, the share that was answered in time.
double Goodput(const LoopModel& model, Clock::duration from,
               Clock::duration until) {
  const std::chrono::duration<double> time = until - from;
  return model.Of(from, until).in_time / time.count() / model.capacity();
}

LoopModel Overloaded(double share, const LoopOptions& options) {
  LoopModel model(options);
  model.Load(share, kDeadline, 0s, kOverload);
  model.Load(0.5, kDeadline, kOverload, kOverload + 3s);
  model.Run(kOverload + 3s);
  return model;
}

// How many requests are posted, and what a refusal costs: a sixth to a quarter
// of a request that is served.
class ShedTest
    : public testing::TestWithParam<std::tuple<int, Clock::duration>> {
 protected:
  const LoopOptions options_ = {.posted = std::get<0>(GetParam()),
                                .refusal = std::get<1>(GetParam())};
};

INSTANTIATE_TEST_SUITE_P(Loops, ShedTest,
                         testing::Combine(testing::Values(kAll, kFew, 128,
                                                          1024),
                                          testing::Values(30us, 45us)));

TEST_P(ShedTest, KeepsGoodputAndForgetsTheOverload) {
  for (const auto& [share, goodput] :
       {std::pair(1.0, 0.85), std::pair(1.5, 0.65), std::pair(2.0, 0.45)}) {
    const LoopModel model = Overloaded(share, options_);
    EXPECT_GE(Goodput(model, 0s, kOverload), goodput) << share;
    EXPECT_GE(Goodput(model, 5s, kOverload), goodput) << share;
    // A second later it is as if nothing had been.
    const auto after = model.Of(kOverload + 1s, kOverload + 3s);
    EXPECT_EQ(after.refused, 0) << share;
    EXPECT_LT(after.latencies.back(), 50ms) << share;
  }
}

TEST_P(ShedTest, LetsAllPassBelowCapacity) {
  LoopModel model(options_);
  model.Load(0.9, kDeadline, 0s, 20s);
  model.Run(20s);
  EXPECT_EQ(model.Of(0s, 20s).refused, 0);
}

TEST_P(ShedTest, LetsABurstPassThatIsWorkedOffInTime) {
  LoopModel model(options_);
  model.Burst(10'000, 5s, 1s);
  model.Run(5s);
  EXPECT_EQ(model.Of(0s, 5s).refused, 0);
  EXPECT_EQ(model.Of(0s, 5s).in_time, 10'000);
}

TEST_P(ShedTest, LetsCallersPassWhoAskAgainAtOnce) {
  LoopModel model(options_);
  model.Callers(300, 5s, 0s, 20s);
  model.Run(20s);
  EXPECT_EQ(model.Of(0s, 20s).refused, 0);
  EXPECT_GT(Goodput(model, 0s, 20s), 0.95);
}

class StandingQueueTest : public testing::TestWithParam<int> {
 protected:
  // The 99th percentile of what long overload leaves of 5 s.
  Clock::duration LatencyUnderOverload() {
    LoopModel model({.posted = GetParam()});
    model.Load(2, 5s, 0s, 15s);
    model.Run(15s);
    EXPECT_GE(Goodput(model, 5s, 15s), 0.45);
    const auto late = model.Of(5s, 15s).latencies;
    return late[late.size() * 99 / 100];
  }
};

using SeenTest = StandingQueueTest;
INSTANTIATE_TEST_SUITE_P(Posted, SeenTest, testing::Values(kAll, 1024));
TEST_P(SeenTest, IsKeptShort) { EXPECT_LT(LatencyUnderOverload(), 200ms); }

// The hazard in shed.h.
using HiddenTest = StandingQueueTest;
INSTANTIATE_TEST_SUITE_P(Posted, HiddenTest, testing::Values(kFew, 128));
TEST_P(HiddenTest, IsKeptJustWithinTheDeadline) {
  EXPECT_GT(LatencyUnderOverload(), 4s);
}

TEST(WithoutShedTest, OverloadLeavesNothing) {
  const LoopModel model = Overloaded(1.5, {.shed = {.enabled = false}});
  EXPECT_LT(Goodput(model, 5s, kOverload), 0.05);
}

}  // namespace
}  // namespace gather::simulation
