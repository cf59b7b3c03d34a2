#include "server/async/event_loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "server/async/gather.h"
#include "server/async/timer.h"

namespace gather::async {
namespace {

using namespace std::chrono_literals;

TEST(EventLoopTest, RunUntilCompleteGivesTheTasksValue) {
  EventLoop loop;
  const auto answer = [&]() -> Task<std::string> {
    co_await SleepFor(loop, 1ms);
    co_return "done";
  };
  EXPECT_EQ(loop.RunUntilComplete(answer()), "done");
}

TEST(EventLoopTest, ALoopInAPaceRunsWhatIsThere) {
  EventLoop loop;
  loop.set_pace(1ms);
  int posted = 0;
  const auto answer = [&]() -> Task<std::string> {
    std::thread([&] { loop.Post([&] { ++posted; }); }).join();
    co_await SleepFor(loop, 1ms);
    while (posted == 0) co_await loop.Yield();
    co_return "done";
  };
  EXPECT_EQ(loop.RunUntilComplete(answer()), "done");
  loop.Shutdown();
  loop.Run();
}

TEST(EventLoopTest, RunUntilCompleteThrowsWhatTheTaskThrew) {
  EventLoop loop;
  const auto fail = [&]() -> Task<> {
    co_await loop.Yield();
    throw std::runtime_error("burnt");
  };
  EXPECT_THROW(loop.RunUntilComplete(fail()), std::runtime_error);
}

TEST(EventLoopTest, PostFromItsOwnThreadRunsLaterInOrder) {
  EventLoop loop;
  std::vector<int> order;
  const auto run = [&]() -> Task<> {
    loop.Post([&] { order.push_back(2); });
    loop.Post([&] { order.push_back(3); });
    order.push_back(1);
    co_await loop.Yield();
    order.push_back(4);
  };
  loop.RunUntilComplete(run());
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 4}));
}

TEST(EventLoopTest, PostFromOtherThreadsRunsEachOnceOnTheLoopsThread) {
  EventLoop loop;
  constexpr int kThreads = 4;
  constexpr int kPosts = 1000;
  int ran = 0;  // only the loop's thread touches it
  bool elsewhere = false;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < kPosts; ++i) {
          loop.Post([&] {
            elsewhere |= !loop.IsCurrentThread();
            if (++ran == kThreads * kPosts) loop.Shutdown();
          });
        }
      });
    }
    loop.Run();
  }
  EXPECT_EQ(ran, kThreads * kPosts);
  EXPECT_FALSE(elsewhere);
}

TEST(EventLoopTest, ShutdownLetsRunReturnAndIsIdempotent) {
  EventLoop loop;
  loop.Post([&] {
    loop.Shutdown();
    loop.Shutdown();
  });
  loop.Run();
}

TEST(EventLoopTest, CoroutineThatKeepsYieldingDoesNotStarveTimers) {
  EventLoop loop;
  bool rung = false;
  const auto ring = [&]() -> Task<> {
    co_await SleepFor(loop, 5ms);
    rung = true;
  };
  const auto spin = [&]() -> Task<> {
    while (!rung) co_await loop.Yield();
  };
  const auto run = [&]() -> Task<> {
    auto [rang, spun] = co_await Gather(ring(), spin());
    EXPECT_TRUE(rang.ok() && spun.ok());
  };
  loop.RunUntilComplete(run());
}

TEST(EventLoopTest, ActivityFollowsTheWorkOverItsSuspensions) {
  EventLoop loop;
  const auto named = [&](const char* name) -> Task<> {
    loop.set_activity(name);
    for (int i = 0; i < 3; ++i) {
      co_await loop.Yield();
      EXPECT_STREQ(loop.activity(), name);
      co_await SleepFor(loop, 1ms);
      EXPECT_STREQ(loop.activity(), name);
    }
  };
  const auto run = [&]() -> Task<> {
    auto [soup, salad] = co_await Gather(named("soup"), named("salad"));
    EXPECT_TRUE(soup.ok() && salad.ok());
  };
  loop.RunUntilComplete(run());
}

}  // namespace
}  // namespace gather::async
