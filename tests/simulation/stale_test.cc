// An outage of a backend whose last replies are kept.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include "tests/simulation/fan_out_model.h"
#include "tests/simulation/report.h"

namespace gather::simulation {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

constexpr std::size_t kSick = 0;
constexpr int kUsers = 1000;

// Down from 20 s to 50 s.
const Script kOutage = {
    {}, {.from = 20s, .kind = Phase::Kind::kDown}, {.from = 50s}};

fanout::PolicySettings Keeping(Clock::duration max_stale, int max_entries) {
  fanout::PolicySettings settings;
  settings.stale_answers = {
      .enabled = true, .max_stale = max_stale, .max_entries = max_entries};
  return settings;
}

std::unique_ptr<FanOutModel> Simulate(const fanout::PolicySettings& settings) {
  auto model = std::make_unique<FanOutModel>(
      std::vector<Script>{kOutage},
      FanOutOptions{.settings = {settings}, .users = kUsers});
  model->Load(500, 0s, 60s);
  model->Run();
  EXPECT_THAT(model->violations(), IsEmpty());
  return model;
}

TEST(StaleTest, WhoWasAnsweredBeforeAnOutageIsAnsweredThroughIt) {
  const auto model = Simulate(Keeping(5min, kUsers));
  EXPECT_EQ(Report(*model, 20s, 60s).Lost(kSick), 0);
  EXPECT_GT(Report(*model, 20s, 50s).Count(kSick, SectionEnd::kStale), 14'000);
  EXPECT_LT(Report(*model, 21s, 50s).Median(), 5ms);
  // And fresh again within 2 s of its end.
  EXPECT_EQ(Report(*model, 52s, 60s).Count(kSick, SectionEnd::kStale), 0);
}

TEST(StaleTest, OutageThatLastsLongerIsSeen) {
  const auto model = Simulate(Keeping(10s, kUsers));
  EXPECT_EQ(Report(*model, 32s, 50s).Count(kSick, SectionEnd::kStale), 0);
  EXPECT_GT(Report(*model, 32s, 50s).Lost(kSick), 0);
}

TEST(StaleTest, FewerRepliesThanUsersBridgeItForSome) {
  const auto model = Simulate(Keeping(5min, kUsers / 2));
  const Report outage(*model, 21s, 50s);
  EXPECT_GT(outage.Count(kSick, SectionEnd::kStale), outage.requests() / 3);
  EXPECT_GT(outage.Lost(kSick), outage.requests() / 3);
}

}  // namespace
}  // namespace gather::simulation
