#include "server/async/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "tests/support/probe.h"

namespace gather::async {
namespace {

using testing::Counted;
using testing::Pause;
using testing::Runner;

static_assert(!std::is_copy_constructible_v<Task<int>>);
static_assert(std::is_nothrow_move_constructible_v<Task<int>>);

Task<int> Return(int value) { co_return value; }

Task<int> Throw() {
  throw std::runtime_error("burnt");
  co_return 0;
}

Task<int> AddOne(Task<int> inner) { co_return 1 + co_await std::move(inner); }

Task<> SetAfter(Pause& pause, bool& set) {
  co_await pause;
  set = true;
}

TEST(TaskTest, DoesNotRunUntilAwaited) {
  bool ran = false;
  const auto run = [&]() -> Task<> {
    ran = true;
    co_return;
  };
  {
    const Task<> task = run();
  }
  EXPECT_FALSE(ran);
}

TEST(TaskTest, GivesItsValueToTheAwaiter) {
  Runner<int> runner(AddOne(AddOne(Return(40))));
  runner.Start();
  ASSERT_TRUE(runner.done());
  EXPECT_EQ(runner.Take(), 42);
}

TEST(TaskTest, ThrowsAtTheAwaitWhatTheCoroutineThrew) {
  Runner<int> runner(AddOne(Throw()));
  runner.Start();
  ASSERT_TRUE(runner.done());
  EXPECT_THROW(runner.Take(), std::runtime_error);
}

TEST(TaskTest, WaitsForWhatItAwaits) {
  Pause pause;
  bool set = false;
  Runner<void> runner(SetAfter(pause, set));
  runner.Start();
  EXPECT_FALSE(runner.done());
  EXPECT_FALSE(set);
  pause.Resume();
  EXPECT_TRUE(runner.done());
  EXPECT_TRUE(set);
}

TEST(TaskTest, CarriesMoveOnlyValues) {
  const auto make = []() -> Task<std::unique_ptr<int>> {
    co_return std::make_unique<int>(7);
  };
  Runner<std::unique_ptr<int>> runner(make());
  runner.Start();
  EXPECT_EQ(*runner.Take(), 7);
}

TEST(TaskTest, FreesItsFrameWhetherItRanOrNot) {
  int alive = 0;
  const auto hold = [](Counted) -> Task<> { co_return; };
  {
    const Task<> never_run = hold(Counted(&alive));
    Runner<void> run(hold(Counted(&alive)));
    run.Start();
    EXPECT_EQ(alive, 2);
  }
  EXPECT_EQ(alive, 0);
}

TEST(TaskTest, MovedFromTaskOwnsNothing) {
  int alive = 0;
  const auto hold = [](Counted) -> Task<> { co_return; };
  Task<> first = hold(Counted(&alive));
  Task<> second = std::move(first);
  second = hold(Counted(&alive));
  EXPECT_EQ(alive, 1);
}

}  // namespace
}  // namespace gather::async
