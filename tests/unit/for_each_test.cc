#include "server/async/for_each.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/support/probe.h"

namespace gather::async {
namespace {

using testing::Counted;
using testing::Pause;
using testing::Runner;

// Tasks that wait until the test lets them go on, and count who runs.
class ForEachTest : public ::testing::Test {
 protected:
  Task<int> Double(int& number) {
    Pause& pause = pauses_.emplace_back();
    ++running_;
    most_ = std::max(most_, running_);
    co_await pause;
    --running_;
    if (number < 0) throw std::runtime_error("negative");
    co_return 2 * number;
  }

  auto Doubler() {
    return [this](int& number) { return Double(number); };
  }

  static Task<> Wait(Pause& pause, const int& number) {
    co_await pause;
    EXPECT_EQ(number, 1);
  }

  // The nth task that was begun goes on.
  void Resume(std::size_t n) { pauses_.at(n).Resume(); }

  std::deque<Pause> pauses_;
  int running_ = 0;
  int most_ = 0;
};

using Results = std::vector<absl::StatusOr<int>>;

TEST_F(ForEachTest, RunsSoManyAtATimeAndGivesOutcomesInOrder) {
  Runner<Results> runner(ForEach(std::vector{1, 2, 3, 4, 5}, 2, Doubler()));
  runner.Start();
  EXPECT_EQ(pauses_.size(), 2U);
  Resume(1);  // the second is faster: the third takes its place
  EXPECT_EQ(pauses_.size(), 3U);
  Resume(2);
  Resume(0);
  Resume(4);
  EXPECT_FALSE(runner.done());
  Resume(3);
  ASSERT_TRUE(runner.done());
  EXPECT_EQ(most_, 2);
  const Results results = runner.Take();
  ASSERT_EQ(results.size(), 5U);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(*results[i], 2 * (i + 1));
}

TEST_F(ForEachTest, FailureIsAValueAndCostsTheOthersNothing) {
  Runner<Results> runner(ForEach(std::vector{-1, 2}, 1, Doubler()));
  runner.Start();
  Resume(0);
  Resume(1);
  ASSERT_TRUE(runner.done());
  const Results results = runner.Take();
  EXPECT_TRUE(absl::IsInternal(results[0].status()));
  EXPECT_EQ(*results[1], 4);
}

TEST_F(ForEachTest, StopLeavesOutWhatWasNotBegun) {
  std::stop_source stop;
  Runner<Results> runner(
      ForEach(std::vector{1, 2, 3, 4}, 2, Doubler(), stop.get_token()));
  runner.Start();
  stop.request_stop();
  Resume(0);
  EXPECT_FALSE(runner.done());  // the second still runs
  Resume(1);
  ASSERT_TRUE(runner.done());
  const Results results = runner.Take();
  EXPECT_EQ(*results[0], 2);
  EXPECT_EQ(*results[1], 4);
  EXPECT_TRUE(absl::IsCancelled(results[2].status()));
  EXPECT_TRUE(absl::IsCancelled(results[3].status()));
  EXPECT_EQ(pauses_.size(), 2U);
}

TEST_F(ForEachTest, NoItemsEndAtOnce) {
  Runner<Results> runner(ForEach(std::vector<int>(), 3, Doubler()));
  runner.Start();
  ASSERT_TRUE(runner.done());
  EXPECT_TRUE(runner.Take().empty());
}

TEST_F(ForEachTest, MoreAtOnceThanThereAreIsAll) {
  Runner<Results> runner(ForEach(std::vector{1, 2}, 100, Doubler()));
  runner.Start();
  EXPECT_EQ(pauses_.size(), 2U);
  Resume(0);
  Resume(1);
  EXPECT_TRUE(runner.done());
}

TEST_F(ForEachTest, TasksMayGiveStatusesOrNothing) {
  const auto check = [](int& number) -> Task<absl::Status> {
    co_return number > 1 ? absl::OkStatus() : absl::NotFoundError("small");
  };
  Runner<std::vector<absl::Status>> checks(
      ForEach(std::vector{1, 2}, 1, check));
  checks.Start();
  ASSERT_TRUE(checks.done());
  const std::vector<absl::Status> checked = checks.Take();
  EXPECT_TRUE(absl::IsNotFound(checked[0]));
  EXPECT_TRUE(checked[1].ok());

  int sum = 0;
  const auto add = [&sum](const int& number) -> Task<> {
    sum += number;
    co_return;
  };
  Runner<std::vector<absl::Status>> sums(ForEach(std::vector{1, 2}, 1, add));
  sums.Start();
  EXPECT_TRUE(sums.done());
  EXPECT_EQ(sum, 3);
}

TEST_F(ForEachTest, WhatItHoldsLivesUntilItsEndAndNoLonger) {
  int alive = 0;
  {
    Pause pause;
    const auto wait = [&pause, counted = Counted(&alive)](
                          const std::unique_ptr<int>& number) {
      return Wait(pause, *number);
    };
    std::vector<std::unique_ptr<int>> items;
    items.push_back(std::make_unique<int>(1));
    Runner<std::vector<absl::Status>> runner(
        ForEach(std::move(items), 1, wait));
    runner.Start();
    EXPECT_EQ(alive, 2);
    pause.Resume();
    EXPECT_TRUE(runner.done());
  }
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace gather::async
