#include "server/async/task_scope.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "server/async/event_loop.h"
#include "server/async/timer.h"
#include "tests/support/probe.h"

namespace gather::async {
namespace {

using namespace std::chrono_literals;
using testing::Counted;
using testing::Pause;
using testing::Runner;

Task<> Hold(Pause& pause, Counted) { co_await pause; }

Task<absl::Status> JoinOf(TaskScope& scope) { co_return co_await scope.Join(); }

TEST(TaskScopeTest, SpawnRunsUpToTheFirstSuspension) {
  int alive = 0;
  Pause pause;
  TaskScope scope;
  EXPECT_TRUE(scope.Spawn(Hold(pause, Counted(&alive))));
  EXPECT_TRUE(pause.waiting());
  EXPECT_EQ(scope.running(), 1U);
  pause.Resume();
  EXPECT_EQ(scope.running(), 0U);
  EXPECT_EQ(alive, 0);
}

TEST(TaskScopeTest, JoinWaitsForEveryTask) {
  int alive = 0;
  Pause first, second;
  TaskScope scope;
  scope.Spawn(Hold(first, Counted(&alive)));
  scope.Spawn(Hold(second, Counted(&alive)));
  Runner<absl::Status> join(JoinOf(scope));
  join.Start();
  second.Resume();
  EXPECT_FALSE(join.done());
  first.Resume();
  ASSERT_TRUE(join.done());
  EXPECT_TRUE(join.Take().ok());
  EXPECT_EQ(alive, 0);
}

TEST(TaskScopeTest, JoinOfAnEmptyScopeEndsAtOnce) {
  TaskScope scope;
  Runner<absl::Status> join(JoinOf(scope));
  join.Start();
  EXPECT_TRUE(join.done());
}

TEST(TaskScopeTest, ClosedScopeRefusesAndFreesNewTasks) {
  int alive = 0;
  Pause pause;
  TaskScope scope;
  scope.Close();
  EXPECT_FALSE(scope.Spawn(Hold(pause, Counted(&alive))));
  EXPECT_FALSE(pause.waiting());
  EXPECT_EQ(alive, 0);
}

TEST(TaskScopeTest, PreparedTaskRunsOnceItIsStarted) {
  int alive = 0;
  Pause pause;
  TaskScope scope;
  TaskScope::Prepared prepared = scope.Prepare(Hold(pause, Counted(&alive)));
  EXPECT_EQ(scope.running(), 0U);
  EXPECT_FALSE(pause.waiting());
  TaskScope::Prepared task = std::move(prepared);
  EXPECT_TRUE(task.Start());
  EXPECT_EQ(scope.running(), 1U);
  ASSERT_TRUE(pause.waiting());
  pause.Resume();
  EXPECT_EQ(scope.running(), 0U);
  EXPECT_EQ(alive, 0);
}

TEST(TaskScopeTest, PreparedTaskThatIsNotStartedLeavesNothing) {
  int alive = 0;
  Pause pause;
  TaskScope scope;
  {
    TaskScope::Prepared forgotten = scope.Prepare(Hold(pause, Counted(&alive)));
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
  {
    TaskScope::Prepared late = scope.Prepare(Hold(pause, Counted(&alive)));
    scope.Close();
    EXPECT_FALSE(late.Start());
  }
  EXPECT_EQ(alive, 0);
  EXPECT_FALSE(pause.waiting());
}

TEST(TaskScopeTest, JoinGivesTheFirstExceptionAsAStatus) {
  const auto fail = [](const char* word) -> Task<> {
    throw std::runtime_error(word);
    co_return;
  };
  TaskScope scope;
  scope.Spawn(fail("first"));
  scope.Spawn(fail("second"));
  Runner<absl::Status> join(JoinOf(scope));
  join.Start();
  ASSERT_TRUE(join.done());
  const absl::Status status = join.Take();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_NE(status.ToString().find("first"), std::string::npos) << status;
}

TEST(TaskScopeTest, StopRequestReachesTheTasks) {
  EventLoop loop;
  TaskScope scope;
  absl::Status slept;
  const auto sleep = [&](std::stop_token stop) -> Task<> {
    slept = co_await SleepFor(loop, 1h, stop);
  };
  const auto run = [&]() -> Task<> {
    scope.Spawn(sleep(scope.stop_token()));
    scope.RequestStop();
    (void)co_await scope.Join();
  };
  loop.RunUntilComplete(run());
  EXPECT_EQ(slept.code(), absl::StatusCode::kCancelled);
}

TEST(TaskScopeTest, LastTaskMayLeadToTheScopesEnd) {
  Pause pause;
  int alive = 0;
  const auto own_scope = [&]() -> Task<> {
    TaskScope scope;
    scope.Spawn(Hold(pause, Counted(&alive)));
    (void)co_await scope.Join();
  };
  Runner<void> runner(own_scope());
  runner.Start();
  pause.Resume();
  EXPECT_TRUE(runner.done());
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace gather::async
