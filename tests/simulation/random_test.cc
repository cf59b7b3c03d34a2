// Backends, loads and troubles at random. What fails names its seed:
//   GATHER_SEED=17 build/release/bin/simulation_test --gtest_filter=Random*

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <random>
#include <vector>

#include "absl/strings/numbers.h"
#include "tests/simulation/fan_out_model.h"
#include "tests/simulation/report.h"

namespace gather::simulation {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

constexpr uint64_t kSeeds = 60;
constexpr int64_t kCalls = 1'000'000;  // at least, of all seeds together

class Dice {
 public:
  explicit Dice(uint64_t seed) : random_(seed) {}

  int Int(int least, int most) {
    return std::uniform_int_distribution(least, most)(random_);
  }
  double Real(double least, double most) {
    return std::uniform_real_distribution(least, most)(random_);
  }
  Clock::duration Time(std::chrono::milliseconds least,
                       std::chrono::milliseconds most) {
    return std::chrono::milliseconds(
        Int(static_cast<int>(least.count()), static_cast<int>(most.count())));
  }

 private:
  Random random_;
};

Script HealthyScript(Dice& dice) {
  Latency latency;
  switch (dice.Int(0, 3)) {
    case 0:
      latency.median = dice.Time(1ms, 50ms);
      break;
    case 1:
      latency.median = dice.Time(100ms, 1200ms);
      latency.sigma = 0.05;
      break;
    case 2:
      latency.slow_share = dice.Real(0.01, 0.5);
      latency.slow = dice.Time(100ms, 2s);
      break;
    default:
      latency.sigma = 0.8;
      break;
  }
  return {{.latency = latency}};
}

// Serves, has troubles one after the other, and serves in the end.
Script SickScript(Dice& dice) {
  const Latency latency{.median = dice.Time(2ms, 300ms)};
  Script script = {{.latency = latency}};
  Clock::duration at = dice.Time(0ms, 4s);
  for (int troubles = dice.Int(1, 3); troubles > 0; --troubles) {
    Phase phase{.from = at, .latency = latency};
    const int kind = dice.Int(0, 3);
    phase.kind = kind == 0   ? Phase::Kind::kHang
                 : kind == 1 ? Phase::Kind::kHangThenAnswer
                 : kind == 2 ? Phase::Kind::kDown
                             : Phase::Kind::kServe;
    if (kind == 3) phase.failures = dice.Real(0.2, 1);
    script.push_back(phase);
    at += dice.Time(200ms, 6s);
    script.push_back({.from = at, .latency = latency});
    at += dice.Time(0ms, 4s);
  }
  return script;
}

// What is off by default is on in every other one.
fanout::PolicySettings RandomSettings(Dice& dice) {
  fanout::PolicySettings settings;
  settings.coalescing.enabled = dice.Int(0, 1) == 1;
  settings.hedging.enabled = dice.Int(0, 1) == 1;
  settings.hedging.percentile = dice.Int(50, 99);
  settings.hedging.budget_percent = dice.Int(1, 10);
  settings.stale_answers.enabled = dice.Int(0, 3) == 0;
  settings.stale_answers.max_entries = dice.Int(1, 1000);
  return settings;
}

// A burst into a hang that is too short to be seen is timeouts all at once, 3 s
// later, and those may open the breaker for a moment.
bool ServesAt(const Script& script, Clock::duration when) {
  auto next =
      std::find_if(script.begin(), script.end(),
                   [&](const Phase& phase) { return phase.from > when; });
  return std::prev(next)->kind == Phase::Kind::kServe;
}

void RunSeed(uint64_t seed, int64_t& calls) {
  Dice dice(seed);
  const std::vector<Script> scripts = {HealthyScript(dice), SickScript(dice),
                                       HealthyScript(dice)};
  constexpr std::size_t kSick = 1;
  const std::vector<fanout::PolicySettings> settings = {
      RandomSettings(dice), RandomSettings(dice), RandomSettings(dice)};
  FanOutModel model(scripts, {.settings = settings,
                              .leavers = dice.Int(0, 1) * dice.Real(0, 0.3),
                              .leaves_after = dice.Time(1ms, 2s),
                              .users = dice.Int(1, 1000),
                              .seed = seed});
  const Clock::duration calm = scripts[kSick].back().from;
  const Clock::duration end = calm + 8s;
  model.Load(dice.Real(30, 800), 0s, end);
  const int burst = dice.Int(0, 3000);
  const Clock::duration when = dice.Time(0ms, 10s);
  if (ServesAt(scripts[kSick], when)) model.Burst(burst, when);
  model.Run();
  calls += model.calls();

  EXPECT_THAT(model.violations(), IsEmpty());
  for (std::size_t i = 0; i < scripts.size(); ++i) {
    if (i == kSick) continue;
    EXPECT_EQ(Report(model, 0s, end).Lost(i), 0) << "healthy backend " << i;
  }
  EXPECT_EQ(Report(model, calm + 2s, end).Lost(kSick), 0)
      << "two seconds after its trouble";
  for (std::size_t i = 0; i < scripts.size(); ++i) {
    EXPECT_EQ(model.policies(i).limit().in_flight(), 0);
  }
}

TEST(RandomTest, InvariantsHold) {
  int64_t calls = 0;
  uint64_t only = 0;
  const char* chosen = std::getenv("GATHER_SEED");
  if (chosen != nullptr && absl::SimpleAtoi(chosen, &only)) {
    RunSeed(only, calls);
    return;
  }
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(testing::Message() << "GATHER_SEED=" << seed);
    RunSeed(seed, calls);
    if (HasFailure()) break;
  }
  EXPECT_TRUE(HasFailure() || calls >= kCalls) << calls;
}

}  // namespace
}  // namespace gather::simulation
