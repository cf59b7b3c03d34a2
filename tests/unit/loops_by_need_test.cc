#include "server/rpc/loops_by_need.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "server/async/clock.h"

namespace gather::rpc {
namespace {

using namespace std::chrono_literals;
using async::Clock;

// A loop whose thread has that share of a core.
class Loop {
 public:
  Loop(LoopsByNeed& need, int index) : need_(need), index_(index) {}

  // Goes on for `time`, measured every 100 ms.
  void Run(Clock::duration time, double share) {
    for (Clock::duration step = 0ms; step < time; step += 100ms) {
      now_ += 100ms;
      cpu_time_ += std::chrono::duration_cast<std::chrono::nanoseconds>(
          share * std::chrono::nanoseconds(100ms));
      need_.Measure(index_, now_, cpu_time_);
    }
  }

 private:
  LoopsByNeed& need_;
  const int index_;
  Clock::time_point now_ = Clock::time_point(1h);
  std::chrono::nanoseconds cpu_time_ = 5s;  // what it had is not counted
};

TEST(LoopsByNeedTest, AnotherLoopJoinsWhereTheFirstKeepsItsCoreBusy) {
  LoopsByNeed need(3, 1);
  Loop loop(need, 0);
  loop.Run(10s, 0.85);
  EXPECT_EQ(need.joined(), 1);
  loop.Run(2 * LoopsByNeed::kWindow, 0.95);
  EXPECT_EQ(need.joined(), 2);
}

TEST(LoopsByNeedTest, ABurstIsNoNeed) {
  LoopsByNeed need(2, 1);
  Loop loop(need, 0);
  for (int i = 0; i < 10; ++i) {
    loop.Run(200ms, 1);
    loop.Run(600ms, 0.1);
  }
  EXPECT_EQ(need.joined(), 1);
}

TEST(LoopsByNeedTest, AThirdJoinsOnlyWhereBothAreBusy) {
  LoopsByNeed need(3, 2);
  Loop one(need, 0);
  Loop two(need, 1);
  for (int i = 0; i < 20; ++i) {
    one.Run(100ms, 1);
    two.Run(100ms, 0.5);
  }
  EXPECT_EQ(need.joined(), 2);
  for (int i = 0; i < 10; ++i) {
    one.Run(100ms, 1);
    two.Run(100ms, 1);
  }
  EXPECT_EQ(need.joined(), 3);
}

TEST(LoopsByNeedTest, NoneLeavesAndNoMoreJoinThanThereAre) {
  LoopsByNeed need(2, 1);
  need.Join();
  need.Join();
  EXPECT_EQ(need.joined(), 2);
  Loop one(need, 0);
  Loop two(need, 1);
  one.Run(10s, 0);
  two.Run(10s, 0);
  EXPECT_EQ(need.joined(), 2);
  one.Run(10s, 1);
  two.Run(10s, 1);
  EXPECT_EQ(need.joined(), 2);
}

TEST(LoopsByNeedTest, AllAreThereFromTheStartWhereSoManyAre) {
  EXPECT_EQ(LoopsByNeed(4, 1 << 20).joined(), 4);
  EXPECT_EQ(LoopsByNeed(4, 0).joined(), 1);
}

TEST(LoopsByNeedTest, ALoopsThreadWaitsUntilItIsNeeded) {
  LoopsByNeed need(3, 1);
  EXPECT_TRUE(need.AwaitNeed(0));
  need.Began();
  bool two = false;
  bool three = true;
  {
    const std::jthread second([&] {
      two = need.AwaitNeed(1);
      need.Began();
    });
    const std::jthread third([&] { three = need.AwaitNeed(2); });
    need.Join();
    need.Close(3);  // not before the second has begun
    EXPECT_TRUE(two);
  }
  EXPECT_FALSE(three);
}

TEST(LoopsByNeedTest, NoneJoinsOnceItIsClosed) {
  LoopsByNeed need(2, 1);
  need.Close(/*threads=*/0);  // none could be started
  need.Join();
  EXPECT_EQ(need.joined(), 1);
  EXPECT_FALSE(need.AwaitNeed(1));
}

}  // namespace
}  // namespace gather::rpc
