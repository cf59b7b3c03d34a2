#include "server/async/watchdog.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "server/async/task.h"
#include "server/async/timer.h"

namespace gather::async {
namespace {

using namespace std::chrono_literals;

// What a watchdog told, for a test to wait for.
class Told {
 public:
  Watchdog::OnStall Listener() {
    return [this](const Stall& stall) {
      const std::lock_guard lock(mutex_);
      stalls_.push_back(stall);
      more_.notify_all();
    };
  }
  Stall WaitFor(std::size_t index) {
    std::unique_lock lock(mutex_);
    more_.wait(lock, [&] { return stalls_.size() > index; });
    return stalls_[index];
  }
  std::size_t size() {
    const std::lock_guard lock(mutex_);
    return stalls_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable more_;
  std::vector<Stall> stalls_;
};

TEST(WatchdogTest, NamesTheStepThatHoldsTheLoopWhileItDoes) {
  EventLoop loop;
  Told told;
  Watchdog watchdog({.limit = 20ms}, {&loop}, told.Listener());
  const auto run = [&]() -> Task<> {
    loop.set_activity("Kitchen/Boil");
    co_await loop.Yield();
    // Blocks until the watchdog has seen it.
    const Stall stall = told.WaitFor(0);
    EXPECT_EQ(stall.activity, "Kitchen/Boil");
    EXPECT_EQ(stall.loop, 0U);
    EXPECT_FALSE(stall.over);
    EXPECT_GE(stall.held, 20ms);
  };
  loop.RunUntilComplete(run());
  const Stall end = told.WaitFor(1);
  EXPECT_TRUE(end.over);
  EXPECT_EQ(end.activity, "Kitchen/Boil");
  EXPECT_EQ(watchdog.stalls(), 1);
  EXPECT_GE(watchdog.longest(), 20ms);
}

TEST(WatchdogTest, SeesTheFirstStepOfATaskToo) {
  EventLoop loop;
  Told told;
  const Watchdog watchdog({.limit = 10ms}, {&loop}, told.Listener());
  const auto run = [&]() -> Task<> {
    told.WaitFor(0);
    co_return;
  };
  loop.RunUntilComplete(run());
  EXPECT_EQ(told.WaitFor(0).activity, "");
}

TEST(WatchdogTest, TellsWhichOfTheLoopsIsHeld) {
  EventLoop idle;
  EventLoop held;
  Told told;
  const Watchdog watchdog({.limit = 10ms}, {&idle, &held}, told.Listener());
  const auto run = [&]() -> Task<> {
    told.WaitFor(0);
    co_return;
  };
  held.RunUntilComplete(run());
  EXPECT_EQ(told.WaitFor(0).loop, 1U);
}

TEST(WatchdogTest, NeitherWaitingNorManyShortStepsAreAStall) {
  EventLoop loop;
  // The limit is long against what a busy machine takes a thread away for.
  Watchdog watchdog({.limit = 500ms}, {&loop}, nullptr);
  const auto run = [&]() -> Task<> {
    (void)co_await SleepFor(loop, 700ms);  // waits
    const auto end = Clock::now() + 700ms;
    while (Clock::now() < end) co_await loop.Yield();  // works
  };
  loop.RunUntilComplete(run());
  EXPECT_EQ(watchdog.stalls(), 0);
  EXPECT_EQ(watchdog.longest(), Clock::duration::zero());
}

TEST(WatchdogTest, EndsAtOnceAlsoWithALongLimit) {
  EventLoop loop;
  const auto start = Clock::now();
  {
    const Watchdog watchdog({.limit = 1h}, {&loop}, nullptr);
  }
  EXPECT_LT(Clock::now() - start, 1min);
}

TEST(LoopRecorderTest, IsToldWhatRunsAndWhenItPauses) {
  class Recorder final : public LoopRecorder {
   public:
    void OnRun(const char* activity) override {
      log += activity == nullptr ? "-" : activity;
    }
    void OnPause() override { log += '|'; }
    std::string log;
  };
  EventLoop loop;
  Recorder recorder;
  loop.set_recorder(&recorder);
  const auto run = [&]() -> Task<> {
    loop.set_activity("soup");
    co_await loop.Yield();
    loop.set_activity("salad");
    co_await loop.Yield();
  };
  loop.RunUntilComplete(run());
  loop.set_recorder(nullptr);
  EXPECT_EQ(recorder.log, "-soup|soupsalad|salad|");
}

}  // namespace
}  // namespace gather::async
