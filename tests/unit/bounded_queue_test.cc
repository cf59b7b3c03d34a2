#include "server/async/bounded_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <stop_token>
#include <vector>

#include "server/async/gather.h"
#include "server/async/task_scope.h"

namespace gather::async {
namespace {

Task<> Produce(BoundedQueue<int>& queue, int count) {
  for (int i = 0; i < count; ++i) EXPECT_TRUE((co_await queue.Push(i)).ok());
  queue.Close();
}

Task<std::vector<int>> Drain(BoundedQueue<int>& queue) {
  std::vector<int> values;
  while (true) {
    absl::StatusOr<int> value = co_await queue.Pop();
    if (!value.ok()) break;
    values.push_back(*value);
  }
  co_return values;
}

TEST(BoundedQueueTest, IsFirstInFirstOutAcrossItsCapacity) {
  EventLoop loop;
  BoundedQueue<int> queue(loop, 3);
  const auto run = [&]() -> Task<std::vector<int>> {
    auto [produced, values] =
        co_await Gather(Produce(queue, 100), Drain(queue));
    EXPECT_TRUE(produced.ok());
    co_return *values;
  };
  const std::vector<int> values = loop.RunUntilComplete(run());
  ASSERT_EQ(values.size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(values[i], i);
}

TEST(BoundedQueueTest, ProducerWaitsWhileItIsFull) {
  EventLoop loop;
  BoundedQueue<int> queue(loop, 2);
  int pushed = 0;
  const auto produce = [&]() -> Task<> {
    for (int i = 0; i < 5; ++i) {
      EXPECT_TRUE((co_await queue.Push(i)).ok());
      ++pushed;
    }
  };
  const auto run = [&]() -> Task<> {
    TaskScope scope;
    scope.Spawn(produce());
    for (int i = 0; i < 10; ++i) co_await loop.Yield();
    EXPECT_EQ(pushed, 2);
    EXPECT_EQ(queue.size(), 2U);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(*co_await queue.Pop(), i);
    (void)co_await scope.Join();
  };
  loop.RunUntilComplete(run());
  EXPECT_EQ(pushed, 5);
}

TEST(BoundedQueueTest, CloseFailsProducersAndLetsConsumersTakeTheRest) {
  EventLoop loop;
  BoundedQueue<int> queue(loop, 1);
  const auto push = [&](int value) -> Task<absl::Status> {
    co_return co_await queue.Push(value);
  };
  const auto close = [&]() -> Task<> {
    queue.Close();
    co_return;
  };
  const auto run = [&]() -> Task<> {
    auto [first, second, closed] = co_await Gather(push(1), push(2), close());
    EXPECT_TRUE(first.ok());
    EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(*co_await queue.Pop(), 1);
    EXPECT_EQ((co_await queue.Pop()).status().code(),
              absl::StatusCode::kOutOfRange);
    EXPECT_EQ((co_await queue.Push(3)).code(),
              absl::StatusCode::kFailedPrecondition);
  };
  loop.RunUntilComplete(run());
}

TEST(BoundedQueueTest, StopEndsWaitingConsumersAndProducers) {
  EventLoop loop;
  BoundedQueue<int> empty(loop, 1);
  BoundedQueue<int> full(loop, 1);
  std::stop_source stop;
  const auto stop_it = [&]() -> Task<> {
    stop.request_stop();
    co_return;
  };
  const auto run = [&]() -> Task<> {
    EXPECT_TRUE((co_await full.Push(0)).ok());
    auto [popped, pushed, stopped] = co_await Gather(
        empty.Pop(stop.get_token()), full.Push(1, stop.get_token()), stop_it());
    EXPECT_EQ(popped.status().code(), absl::StatusCode::kCancelled);
    EXPECT_EQ(pushed.code(), absl::StatusCode::kCancelled);
    EXPECT_EQ(full.size(), 1U);
  };
  loop.RunUntilComplete(run());
}

TEST(BoundedQueueTest, WaiterThatIsWokenAndStoppedAtOnceKeepsItsValue) {
  EventLoop loop;
  BoundedQueue<int> queue(loop, 1);
  std::stop_source stop;
  const auto push_and_stop = [&]() -> Task<> {
    EXPECT_TRUE((co_await queue.Push(7)).ok());
    stop.request_stop();
  };
  const auto run = [&]() -> Task<> {
    auto [popped, pushed] =
        co_await Gather(queue.Pop(stop.get_token()), push_and_stop());
    EXPECT_TRUE(popped.ok());
    EXPECT_EQ(popped.value_or(0), 7);
  };
  loop.RunUntilComplete(run());
}

TEST(BoundedQueueTest, TryPushNeverWaits) {
  EventLoop loop;
  BoundedQueue<int> queue(loop, 2);
  EXPECT_TRUE(queue.TryPush(1));
  EXPECT_TRUE(queue.TryPush(2));
  EXPECT_FALSE(queue.TryPush(3));
  EXPECT_EQ(queue.size(), 2U);
  const auto run = [&]() -> Task<> {
    EXPECT_EQ(*co_await queue.Pop(), 1);
    EXPECT_TRUE(queue.TryPush(4));
    queue.Close();
    EXPECT_FALSE(queue.TryPush(5));
    EXPECT_EQ(*co_await queue.Pop(), 2);
    EXPECT_EQ(*co_await queue.Pop(), 4);
    EXPECT_EQ((co_await queue.Pop()).status().code(),
              absl::StatusCode::kOutOfRange);
  };
  loop.RunUntilComplete(run());
}

TEST(BoundedQueueTest, TryPushWakesAConsumer) {
  EventLoop loop;
  BoundedQueue<int> queue(loop, 1);
  const auto push = [&]() -> Task<> {
    EXPECT_TRUE(queue.TryPush(7));
    co_return;
  };
  const auto run = [&]() -> Task<> {
    auto [popped, pushed] = co_await Gather(queue.Pop(), push());
    EXPECT_EQ(popped.value_or(0), 7);
  };
  loop.RunUntilComplete(run());
}

TEST(BoundedQueueTest, SideThatLeavesByAnExceptionIsNotWaitedFor) {
  EventLoop loop;
  BoundedQueue<int> queue(loop, 1);
  const auto fail = [&]() -> Task<> {
    const BoundedQueue<int>::Closer closer(queue);
    EXPECT_EQ(*co_await queue.Pop(), 0);
    throw std::runtime_error("no more of it");
  };
  const auto run = [&]() -> Task<> {
    const auto push_on = [&]() -> Task<absl::Status> {
      absl::Status pushed;
      while (pushed.ok()) pushed = co_await queue.Push(0);
      co_return pushed;
    };
    auto [failed, pushed] = co_await Gather(fail(), push_on());
    EXPECT_EQ(failed.code(), absl::StatusCode::kInternal);
    EXPECT_EQ(pushed.code(), absl::StatusCode::kFailedPrecondition);
  };
  loop.RunUntilComplete(run());
}

TEST(BoundedQueueTest, CarriesMoveOnlyValues) {
  EventLoop loop;
  BoundedQueue<std::unique_ptr<int>> queue(loop, 1);
  const auto run = [&]() -> Task<> {
    EXPECT_TRUE((co_await queue.Push(std::make_unique<int>(5))).ok());
    auto value = co_await queue.Pop();
    EXPECT_EQ(**value, 5);
  };
  loop.RunUntilComplete(run());
}

}  // namespace
}  // namespace gather::async
