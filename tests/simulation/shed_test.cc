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

void Overload(LoopModel& model, double share) {
  model.Load(share, kDeadline, 0s, kOverload);
  model.Load(0.5, kDeadline, kOverload, kOverload + 3s);
  model.Run();
}

// How many requests are posted, and what a refusal costs besides its arrival:
// in all a sixth to a quarter of a request that is served.
class ShedTest
    : public testing::TestWithParam<std::tuple<int, Clock::duration>> {
 protected:
  const LoopOptions options_ = {.posted = std::get<0>(GetParam()),
                                .refusal = std::get<1>(GetParam())};
};

INSTANTIATE_TEST_SUITE_P(Loops, ShedTest,
                         testing::Combine(testing::Values(kAll, kFew, 128),
                                          testing::Values(10us, 25us)));

TEST_P(ShedTest, KeepsGoodputAndForgetsTheOverload) {
  for (const auto& [share, goodput] :
       {std::pair(1.0, 0.85), std::pair(1.5, 0.65), std::pair(2.0, 0.45)}) {
    LoopModel model(options_);
    Overload(model, share);
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
  model.Run();
  EXPECT_EQ(model.Of(0s, 20s).refused, 0);
}

TEST_P(ShedTest, LetsABurstPassThatIsWorkedOffInTime) {
  LoopModel model(options_);
  model.Burst(10'000, 5s, 1s);
  model.Run();
  EXPECT_EQ(model.Of(0s, 5s).refused, 0);
  EXPECT_EQ(model.Of(0s, 5s).in_time, 10'000);
}

TEST_P(ShedTest, LetsCallersPassWhoAskAgainAtOnce) {
  LoopModel model(options_);
  model.Callers(1000, 5s, 0s, 20s);
  model.Run();
  EXPECT_EQ(model.Of(0s, 20s).refused, 0);
  EXPECT_GT(Goodput(model, 0s, 20s), 0.95);
}

TEST_P(ShedTest, KeepsTheQueueToWhatIsAllowedUnderLongOverload) {
  LoopModel model(options_);
  model.Load(2, 5s, 0s, 20s);
  model.Run();
  EXPECT_GE(Goodput(model, 10s, 20s), 0.45);
  const auto latencies = model.Of(10s, 20s).latencies;
  const rpc::ShedSettings defaults;
  const auto allowed =
      defaults.standing_share * (5000ms - defaults.standing_from);
  EXPECT_LT(latencies[latencies.size() * 99 / 100], allowed + 200ms);
}

TEST(WithoutShedTest, OverloadLeavesNothing) {
  LoopModel model({.shed = {.enabled = false}});
  Overload(model, 1.5);
  EXPECT_LT(Goodput(model, 5s, kOverload), 0.05);
}

}  // namespace
}  // namespace gather::simulation
