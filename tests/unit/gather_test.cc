#include "server/async/gather.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/async/event_loop.h"
#include "server/async/timer.h"
#include "tests/support/probe.h"

namespace gather::async {
namespace {

using namespace std::chrono_literals;
using testing::Counted;
using testing::Pause;
using testing::Runner;

Task<int> Return(int value) { co_return value; }

Task<int> Throw() {
  throw std::runtime_error("burnt");
  co_return 0;
}

Task<absl::StatusOr<int>> Fail(absl::Status status) { co_return status; }

Task<int> After(Pause& pause, int value) {
  co_await pause;
  co_return value;
}

Task<absl::Status> SleepLong(EventLoop& loop, std::stop_token stop) {
  co_return co_await SleepFor(loop, 1h, stop);
}

template <typename... T>
Task<std::tuple<Outcome<T>...>> All(Task<T>... tasks) {
  co_return co_await Gather(std::move(tasks)...);
}

TEST(GatherTest, GivesEveryOutcomeInTheOrderOfTheArguments) {
  Runner<std::tuple<absl::StatusOr<int>, absl::StatusOr<int>>> runner(
      All(Return(1), Return(2)));
  runner.Start();
  ASSERT_TRUE(runner.done());
  auto [one, two] = runner.Take();
  EXPECT_EQ(*one, 1);
  EXPECT_EQ(*two, 2);
}

TEST(GatherTest, StartsAllBeforeItWaitsForAny) {
  Pause first, second;
  Runner<std::tuple<absl::StatusOr<int>, absl::StatusOr<int>>> runner(
      All(After(first, 1), After(second, 2)));
  runner.Start();
  EXPECT_TRUE(first.waiting());
  EXPECT_TRUE(second.waiting());
  second.Resume();
  EXPECT_FALSE(runner.done());
  first.Resume();
  EXPECT_TRUE(runner.done());
}

TEST(GatherTest, BranchesThatEndInlineDoNotResumeTheParentEarly) {
  Pause last;
  Runner<std::tuple<absl::StatusOr<int>, absl::StatusOr<int>>> runner(
      All(Return(1), After(last, 2)));
  runner.Start();
  ASSERT_FALSE(runner.done());
  last.Resume();
  ASSERT_TRUE(runner.done());
  auto [one, two] = runner.Take();
  EXPECT_EQ(*one, 1);
  EXPECT_EQ(*two, 2);
}

TEST(GatherTest, BranchThatThrowsIsAValueAndCostsTheOthersNothing) {
  Runner<std::tuple<absl::StatusOr<int>, absl::StatusOr<int>>> runner(
      All(Throw(), Return(2)));
  runner.Start();
  ASSERT_TRUE(runner.done());
  auto [burnt, two] = runner.Take();
  EXPECT_EQ(burnt.status().code(), absl::StatusCode::kInternal);
  EXPECT_NE(burnt.status().ToString().find("burnt"), std::string::npos);
  EXPECT_EQ(*two, 2);
}

TEST(GatherTest, StatusOfABranchIsKeptAsItIs) {
  Runner<std::tuple<absl::StatusOr<int>>> runner(
      All(Fail(absl::NotFoundError("no salt"))));
  runner.Start();
  EXPECT_EQ(std::get<0>(runner.Take()).status(),
            absl::NotFoundError("no salt"));
}

TEST(GatherTest, BranchesOfOneKindMayBeMany) {
  const auto sum = []() -> Task<int> {
    std::vector<Task<int>> tasks;
    for (int i = 1; i <= 1000; ++i) tasks.push_back(Return(i));
    int total = 0;
    const auto outcomes = co_await Gather(std::move(tasks));
    for (const auto& outcome : outcomes) total += *outcome;
    co_return total;
  };
  Runner<int> runner(sum());
  runner.Start();
  ASSERT_TRUE(runner.done());
  EXPECT_EQ(runner.Take(), 500500);
}

TEST(GatherTest, NoBranchesEndAtOnce) {
  const auto none = []() -> Task<std::size_t> {
    const auto outcomes = co_await Gather(std::vector<Task<int>>());
    co_return outcomes.size();
  };
  Runner<std::size_t> runner(none());
  runner.Start();
  ASSERT_TRUE(runner.done());
  EXPECT_EQ(runner.Take(), 0U);
}

TEST(GatherTest, FreesEveryFrame) {
  int alive = 0;
  const auto hold = [](Counted, Pause& pause) -> Task<> { co_await pause; };
  {
    Pause first, second;
    Runner<std::tuple<absl::Status, absl::Status>> runner(
        All(hold(Counted(&alive), first), hold(Counted(&alive), second)));
    runner.Start();
    first.Resume();
    second.Resume();
    EXPECT_TRUE(runner.done());
  }
  EXPECT_EQ(alive, 0);
}

TEST(GatherFailFastTest, FirstFailureCancelsTheRestAndStillWaitsForThem) {
  EventLoop loop;
  const auto run = [&]() -> Task<absl::Status> {
    std::stop_source cancel;
    auto [sleeper, failure] =
        co_await GatherFailFast(cancel, SleepLong(loop, cancel.get_token()),
                                Fail(absl::UnavailableError("oven is off")));
    EXPECT_EQ(failure.status().code(), absl::StatusCode::kUnavailable);
    co_return sleeper;
  };
  EXPECT_EQ(loop.RunUntilComplete(run()).code(), absl::StatusCode::kCancelled);
}

TEST(GatherFailFastTest, WithoutAFailureNothingIsCancelled) {
  EventLoop loop;
  const auto run = [&]() -> Task<bool> {
    std::stop_source cancel;
    auto [one, two] = co_await GatherFailFast(cancel, Return(1), Return(2));
    EXPECT_TRUE(one.ok() && two.ok());
    co_return cancel.stop_requested();
  };
  EXPECT_FALSE(loop.RunUntilComplete(run()));
}

TEST(GatherFailFastTest, FailureWhileBranchesAreBeingStartedReachesLaterOnes) {
  EventLoop loop;
  const auto run = [&]() -> Task<absl::Status> {
    std::stop_source cancel;
    auto [failure, sleeper] = co_await GatherFailFast(
        cancel, Fail(absl::UnavailableError("oven is off")),
        SleepLong(loop, cancel.get_token()));
    EXPECT_FALSE(failure.ok());
    co_return sleeper;
  };
  EXPECT_EQ(loop.RunUntilComplete(run()).code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace gather::async
