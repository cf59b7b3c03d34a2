#include "server/async/timer.h"

#include <gtest/gtest.h>

#include <stop_token>
#include <thread>
#include <vector>

#include "server/async/gather.h"

namespace gather::async {
namespace {

using namespace std::chrono_literals;

Task<absl::Status> Sleep(EventLoop& loop, Clock::duration duration,
                         std::stop_token stop = {}) {
  co_return co_await SleepFor(loop, duration, stop);
}

TEST(TimerTest, IsOkAtTheTimeAndNotBefore) {
  EventLoop loop;
  const Clock::time_point start = Clock::now();
  EXPECT_TRUE(loop.RunUntilComplete(Sleep(loop, 20ms)).ok());
  EXPECT_GE(Clock::now() - start, 20ms);
}

TEST(TimerTest, TimeThatHasPassedIsOkAtOnce) {
  EventLoop loop;
  EXPECT_TRUE(loop.RunUntilComplete(Sleep(loop, -1h)).ok());
}

TEST(TimerTest, StopBeforeTheWaitNeverStartsIt) {
  EventLoop loop;
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(loop.RunUntilComplete(Sleep(loop, 1h, stop.get_token())).code(),
            absl::StatusCode::kCancelled);
}

TEST(TimerTest, StopDuringTheWaitEndsIt) {
  EventLoop loop;
  std::stop_source stop;
  const auto stop_it = [&]() -> Task<> {
    co_await loop.Yield();
    stop.request_stop();
  };
  const auto run = [&]() -> Task<absl::Status> {
    auto [slept, stopped] =
        co_await Gather(Sleep(loop, 1h, stop.get_token()), stop_it());
    co_return slept;
  };
  EXPECT_EQ(loop.RunUntilComplete(run()).code(), absl::StatusCode::kCancelled);
}

TEST(TimerTest, StopFromAnotherThreadEndsIt) {
  EventLoop loop;
  std::stop_source stop;
  loop.Post([&] { std::jthread([&] { stop.request_stop(); }).join(); });
  EXPECT_EQ(loop.RunUntilComplete(Sleep(loop, 1h, stop.get_token())).code(),
            absl::StatusCode::kCancelled);
}

TEST(TimerTest, StopAfterTheWaitChangesNothing) {
  EventLoop loop;
  std::stop_source stop;
  EXPECT_TRUE(loop.RunUntilComplete(Sleep(loop, 1ms, stop.get_token())).ok());
  stop.request_stop();
}

// The race of a stop from outside against the timer's own end: whichever wins,
// the wait ends once.
TEST(TimerTest, StopThatRacesTheTimeEndsTheWaitOnce) {
  EventLoop loop;
  for (int i = 0; i < 200; ++i) {
    std::stop_source stop;
    const std::jthread other([&] { stop.request_stop(); });
    const absl::Status slept =
        loop.RunUntilComplete(Sleep(loop, 50us, stop.get_token()));
    EXPECT_TRUE(slept.ok() || absl::IsCancelled(slept)) << slept;
  }
}

TEST(TimerTest, ThousandsWaitOnOneThread) {
  EventLoop loop;
  const auto run = [&]() -> Task<int> {
    std::vector<Task<absl::Status>> tasks;
    for (int i = 0; i < 5000; ++i) tasks.push_back(Sleep(loop, 100ms));
    int ended = 0;
    const auto outcomes = co_await Gather(std::move(tasks));
    for (const absl::Status& outcome : outcomes) ended += outcome.ok();
    co_return ended;
  };
  const Clock::time_point start = Clock::now();
  EXPECT_EQ(loop.RunUntilComplete(run()), 5000);
  // One after the other they would take 500 s.
  EXPECT_LT(Clock::now() - start, 50s);
}

}  // namespace
}  // namespace gather::async
