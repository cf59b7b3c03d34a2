// Whatever allocation fails, everything that was started is waited for, and
// nobody waits for ever: each allocation that code of ours makes fails once.

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <stop_token>
#include <string>
#include <vector>

#include "server/async/bounded_queue.h"
#include "server/async/clock.h"
#include "server/async/event_loop.h"
#include "server/async/first_of.h"
#include "server/async/for_each.h"
#include "server/async/gather.h"
#include "server/async/outcome.h"
#include "server/async/singleflight.h"
#include "server/async/task.h"
#include "server/async/task_scope.h"
#include "server/async/timer.h"
#include "tests/support/failing_new.h"

namespace gather::async {

using namespace std::chrono_literals;
using testing::FailAllocation;
using testing::FailedAllocations;

// Runs `make()`'s task again and again until none of its allocations fails. The
// task ends, or throws std::bad_alloc. Gives how many failed.
int FailEach(EventLoop& loop, const std::function<Task<>()>& make) {
  for (int n = 1;; ++n) {
    const int before = FailedAllocations();
    FailAllocation(n);
    try {
      loop.RunUntilComplete(make());
    } catch (const std::bad_alloc&) {
    }
    FailAllocation(0);
    if (FailedAllocations() == before) return n - 1;
  }
}

Task<std::string> Greet(EventLoop& loop) {
  SleepUntil sleep = SleepFor(loop, 1us);
  (void)co_await sleep;
  co_return std::string("good morning, good day, good evening");
}

TEST(AsyncAllocationTest, GatherWaitsForEveryBranch) {
  EventLoop loop;
  const auto run = [&]() -> Task<> {
    auto gather = Gather(Greet(loop), Greet(loop));
    auto [one, two] = co_await gather;
    EXPECT_TRUE(one.ok() || absl::IsInternal(one.status()));
    EXPECT_TRUE(two.ok() || absl::IsInternal(two.status()));
  };
  EXPECT_GE(FailEach(loop, run), 5);
}

TEST(AsyncAllocationTest, GatherOfManyWaitsForEveryBranch) {
  EventLoop loop;
  const auto run = [&]() -> Task<> {
    std::vector<Task<std::string>> tasks;
    for (int i = 0; i < 3; ++i) tasks.push_back(Greet(loop));
    auto gather = Gather(std::move(tasks));
    const auto outcomes = co_await gather;
    EXPECT_EQ(outcomes.size(), 3U);
  };
  EXPECT_GE(FailEach(loop, run), 9);
}

TEST(AsyncAllocationTest, FirstSuccessWaitsForEveryBranch) {
  EventLoop loop;
  const auto run = [&]() -> Task<> {
    std::stop_source cancel;
    const FirstOf<std::string> first =
        co_await FirstSuccess(cancel, Greet(loop), Greet(loop));
    EXPECT_EQ(first.outcomes.size(), 2U);
    EXPECT_TRUE(first.winner.has_value());  // one failure leaves the other
  };
  EXPECT_GE(FailEach(loop, run), 6);
}

TEST(AsyncAllocationTest, ForEachHasAnOutcomeForEachItem) {
  EventLoop loop;
  const auto run = [&]() -> Task<> {
    const auto greet = [&](int&) { return Greet(loop); };
    const auto outcomes = co_await ForEach(std::vector<int>(5), 2, greet);
    EXPECT_EQ(outcomes.size(), 5U);
    int failed = 0;
    for (const auto& outcome : outcomes) {
      if (!outcome.ok()) ++failed;
    }
    EXPECT_LE(failed, 1);
  };
  EXPECT_GE(FailEach(loop, run), 10);
}

struct Greeting {
  Greeting(std::stop_token, EventLoop& event_loop) : loop(event_loop) {}
  Task<> Run() { words = co_await Greet(loop); }

  EventLoop& loop;
  std::string words;
};

Task<> ShareGreeting(EventLoop& loop, Singleflight<Greeting>& greetings) {
  auto seat = greetings.Board(loop, "a key that has memory of its own", loop);
  while (!seat.landed()) (void)co_await seat.Wait();
  EXPECT_TRUE(seat.outcome().ok() || absl::IsInternal(seat.outcome()));
}

TEST(AsyncAllocationTest, SingleflightLandsOrNeverBegan) {
  EventLoop loop;
  Singleflight<Greeting> greetings;
  const auto run = [&]() -> Task<> {
    auto gather =
        Gather(ShareGreeting(loop, greetings), ShareGreeting(loop, greetings));
    auto [one, two] = co_await gather;
    EXPECT_TRUE(one.ok() || absl::IsInternal(one));
    EXPECT_TRUE(two.ok() || absl::IsInternal(two));
  };
  EXPECT_GE(FailEach(loop, run), 7);
}

Task<> SleepUntilStopped(EventLoop& loop, std::stop_token stop) {
  SleepUntil sleep(loop, Clock::time_point::max(), std::move(stop));
  (void)co_await sleep;
}

Task<> SpawnThree(EventLoop& loop, TaskScope& scope) {
  for (int i = 0; i < 3; ++i) {
    scope.Spawn(SleepUntilStopped(loop, scope.stop_token()));
  }
  co_return;
}

TEST(AsyncAllocationTest, ScopeCountsWhatHasStarted) {
  EventLoop loop;
  const auto run = [&]() -> Task<> {
    TaskScope scope;
    std::exception_ptr failed;
    try {
      co_await SpawnThree(loop, scope);
    } catch (const std::bad_alloc&) {
      failed = std::current_exception();
    }
    scope.RequestStop();
    auto join = scope.Join();
    const absl::Status joined = co_await join;
    EXPECT_TRUE(joined.ok()) << joined;
    if (failed) std::rethrow_exception(failed);
  };
  EXPECT_GE(FailEach(loop, run), 6);
}

TEST(AsyncAllocationTest, PreparedTaskStartsWithoutMemory) {
  EventLoop loop;
  TaskScope scope;
  int before = 0;
  const auto run = [&]() -> Task<> {
    TaskScope::Prepared task =
        scope.Prepare(SleepUntilStopped(loop, scope.stop_token()));
    FailAllocation(1);
    before = FailedAllocations();
    EXPECT_TRUE(task.Start());
    FailAllocation(0);
    scope.RequestStop();
    auto join = scope.Join();
    (void)co_await join;
  };
  loop.RunUntilComplete(run());
  EXPECT_EQ(FailedAllocations(), before);
}

using Queue = BoundedQueue<std::string>;

Task<> Produce(Queue& queue, std::stop_token stop) {
  const Queue::Closer closer(queue);
  for (int i = 0; i < 5; ++i) {
    const absl::Status pushed = co_await queue.Push(std::string(50, 'x'), stop);
    if (!pushed.ok()) co_return;
  }
}

Task<> Consume(Queue& queue, std::stop_token stop) {
  const Queue::Closer closer(queue);
  while (true) {
    const absl::StatusOr<std::string> value = co_await queue.Pop(stop);
    if (!value.ok()) co_return;
    EXPECT_EQ(value->size(), 50U);
  }
}

TEST(AsyncAllocationTest, NeitherSideOfAQueueWaitsForOneThatHasLeft) {
  EventLoop loop;
  const auto run = [&]() -> Task<> {
    std::stop_source stop;
    Queue queue(loop, 2);
    auto gather = Gather(Produce(queue, stop.get_token()),
                         Consume(queue, stop.get_token()));
    (void)co_await gather;
  };
  EXPECT_GE(FailEach(loop, run), 12);
}

TEST(AsyncAllocationTest, StopNeedsNoMemory) {
  EventLoop loop;
  int before = 0;
  const auto stop_without_memory = [&](std::stop_source& stop) -> Task<> {
    FailAllocation(1);
    before = FailedAllocations();
    stop.request_stop();
    FailAllocation(0);
    EXPECT_EQ(FailedAllocations(), before);
    co_return;
  };
  const auto run = [&]() -> Task<> {
    std::stop_source stop;
    Queue empty(loop, 1);
    Queue full(loop, 1);
    EXPECT_TRUE(full.TryPush("value"));
    auto gather = Gather(
        empty.Pop(stop.get_token()), full.Push("another", stop.get_token()),
        SleepUntilStopped(loop, stop.get_token()), stop_without_memory(stop));
    auto [popped, pushed, slept, stopped] = co_await gather;
    EXPECT_TRUE(absl::IsCancelled(popped.status()));
    EXPECT_TRUE(absl::IsCancelled(pushed));
    EXPECT_TRUE(slept.ok());
    EXPECT_TRUE(stopped.ok());
  };
  loop.RunUntilComplete(run());
}

}  // namespace gather::async
