#include "server/async/semaphore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "server/async/event_loop.h"
#include "server/async/task.h"
#include "server/async/task_scope.h"

namespace gather::async {
namespace {

using ::testing::ElementsAre;

// Coroutines that want a permit of one semaphore, and keep it until they are
// told to give it back.
class SemaphoreTest : public ::testing::Test {
 protected:
  Task<> Want(int number, std::stop_token stop = {}) {
    absl::StatusOr<Semaphore::Permit> permit =
        co_await semaphore_.Acquire(std::move(stop));
    if (permit.ok()) {
      in_.push_back(number);
      held_.push_back(*std::move(permit));
    } else {
      EXPECT_TRUE(absl::IsCancelled(permit.status()));
      gone_.push_back(number);
    }
  }

  Task<> Settle() {
    for (int i = 0; i < 5; ++i) co_await loop_.Yield();
  }

  void GiveBackOne() { held_.erase(held_.begin()); }

  EventLoop loop_;
  Semaphore semaphore_{loop_, 2};
  std::vector<int> in_;
  std::vector<int> gone_;
  std::vector<Semaphore::Permit> held_;
};

TEST_F(SemaphoreTest, LetsSoManyInAndTheOthersInOrder) {
  const auto run = [&]() -> Task<> {
    TaskScope scope;
    for (int i = 1; i <= 5; ++i) scope.Spawn(Want(i));
    EXPECT_THAT(in_, ElementsAre(1, 2));
    EXPECT_EQ(semaphore_.available(), 0U);
    co_await Settle();
    EXPECT_THAT(in_, ElementsAre(1, 2));
    GiveBackOne();
    co_await Settle();
    EXPECT_THAT(in_, ElementsAre(1, 2, 3));
    GiveBackOne();
    GiveBackOne();
    co_await Settle();
    EXPECT_THAT(in_, ElementsAre(1, 2, 3, 4, 5));
    held_.clear();
    EXPECT_EQ(semaphore_.available(), 2U);
    (void)co_await scope.Join();
  };
  loop_.RunUntilComplete(run());
}

TEST_F(SemaphoreTest, NobodyGetsInBetween) {
  const auto run = [&]() -> Task<> {
    TaskScope scope;
    for (int i = 1; i <= 3; ++i) scope.Spawn(Want(i));
    GiveBackOne();
    // It is the third one's by now, though that has not run yet.
    EXPECT_EQ(semaphore_.TryAcquire(), std::nullopt);
    scope.Spawn(Want(4));
    co_await Settle();
    EXPECT_THAT(in_, ElementsAre(1, 2, 3));
    held_.clear();
    (void)co_await scope.Join();
    EXPECT_THAT(in_, ElementsAre(1, 2, 3, 4));
    held_.clear();
  };
  loop_.RunUntilComplete(run());
}

TEST_F(SemaphoreTest, WaiterThatIsStoppedLeaves) {
  const auto run = [&]() -> Task<> {
    TaskScope scope;
    std::stop_source stop;
    scope.Spawn(Want(1));
    scope.Spawn(Want(2));
    scope.Spawn(Want(3, stop.get_token()));
    scope.Spawn(Want(4));
    stop.request_stop();
    co_await Settle();
    EXPECT_THAT(gone_, ElementsAre(3));
    GiveBackOne();
    co_await Settle();
    EXPECT_THAT(in_, ElementsAre(1, 2, 4));
    held_.clear();
    EXPECT_EQ(semaphore_.available(), 2U);
    (void)co_await scope.Join();
  };
  loop_.RunUntilComplete(run());
}

TEST_F(SemaphoreTest, WaiterThatIsGrantedAndStoppedAtOnceHasThePermit) {
  const auto run = [&]() -> Task<> {
    TaskScope scope;
    std::stop_source stop;
    scope.Spawn(Want(1));
    scope.Spawn(Want(2));
    scope.Spawn(Want(3, stop.get_token()));
    GiveBackOne();
    stop.request_stop();
    (void)co_await scope.Join();
    EXPECT_THAT(in_, ElementsAre(1, 2, 3));
    EXPECT_THAT(gone_, ElementsAre());
    held_.clear();
  };
  loop_.RunUntilComplete(run());
}

TEST_F(SemaphoreTest, StopBeforeTheWaitTakesNoPermit) {
  const auto run = [&]() -> Task<> {
    std::stop_source stop;
    stop.request_stop();
    co_await Want(1, stop.get_token());
    EXPECT_THAT(gone_, ElementsAre(1));
    EXPECT_EQ(semaphore_.available(), 2U);
  };
  loop_.RunUntilComplete(run());
}

TEST_F(SemaphoreTest, PermitsMove) {
  std::optional<Semaphore::Permit> one = semaphore_.TryAcquire();
  std::optional<Semaphore::Permit> two = semaphore_.TryAcquire();
  EXPECT_EQ(semaphore_.TryAcquire(), std::nullopt);
  *one = *std::move(two);  // gives back the first
  EXPECT_EQ(semaphore_.available(), 1U);
  Semaphore::Permit moved = *std::move(one);
  two.reset();
  one.reset();
  EXPECT_EQ(semaphore_.available(), 1U);
}

}  // namespace
}  // namespace gather::async
