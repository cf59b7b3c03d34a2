#include "server/async/blocking_pool.h"

#include <gtest/gtest.h>

#include <latch>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "server/async/gather.h"
#include "server/async/task_scope.h"

namespace gather::async {
namespace {

template <typename F>
Task<typename BlockingPool::RunAwaiter<F>::Result> RunOn(
    BlockingPool& pool, EventLoop& loop, F function,
    std::stop_token stop = {}) {
  co_return co_await pool.Run(loop, std::move(function), stop);
}

TEST(BlockingPoolTest, RunsElsewhereAndComesBackToTheLoop) {
  EventLoop loop;
  BlockingPool pool({.threads = 1});
  const auto run = [&]() -> Task<> {
    const auto thread =
        co_await pool.Run(loop, [] { return std::this_thread::get_id(); });
    EXPECT_TRUE(thread.ok());
    EXPECT_NE(*thread, std::this_thread::get_id());
    EXPECT_TRUE(loop.IsCurrentThread());
  };
  loop.RunUntilComplete(run());
}

TEST(BlockingPoolTest, ExceptionAndStatusAreValues) {
  EventLoop loop;
  BlockingPool pool({.threads = 1});
  const auto run = [&]() -> Task<> {
    const absl::Status thrown =
        co_await pool.Run(loop, [] { throw std::runtime_error("burnt"); });
    EXPECT_EQ(thrown.code(), absl::StatusCode::kInternal);
    const absl::StatusOr<int> failed = co_await pool.Run(
        loop,
        []() -> absl::StatusOr<int> { return absl::NotFoundError("no salt"); });
    EXPECT_EQ(failed.status().code(), absl::StatusCode::kNotFound);
  };
  loop.RunUntilComplete(run());
}

TEST(BlockingPoolTest, LoopGoesOnWhileWorkBlocks) {
  EventLoop loop;
  BlockingPool pool({.threads = 1});
  std::latch released(1);
  const auto release = [&]() -> Task<> {
    released.count_down();  // the loop gets here although the work blocks
    co_return;
  };
  const auto run = [&]() -> Task<> {
    auto [blocked, went_on] =
        co_await Gather(RunOn(pool, loop, [&] { released.wait(); }), release());
    EXPECT_TRUE(blocked.ok());
  };
  loop.RunUntilComplete(run());
}

TEST(BlockingPoolTest, FullQueueRefuses) {
  EventLoop loop;
  BlockingPool pool({.threads = 1, .max_queued = 1});
  std::latch started(1);
  std::latch released(1);
  const auto occupy = [&] {
    started.count_down();
    released.wait();
  };
  const auto overfill = [&]() -> Task<> {
    started.wait();  // the thread is busy, and the queue is empty
    auto [queued, refused, opened] = co_await Gather(
        RunOn(pool, loop, [] {}), RunOn(pool, loop, [] {}), [&]() -> Task<> {
          released.count_down();
          co_return;
        }());
    EXPECT_TRUE(queued.ok());
    EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  };
  const auto run = [&]() -> Task<> {
    auto [occupied, overfilled] =
        co_await Gather(RunOn(pool, loop, occupy), overfill());
    EXPECT_TRUE(occupied.ok() && overfilled.ok());
  };
  loop.RunUntilComplete(run());
}

TEST(BlockingPoolTest, StopRemovesQueuedWorkAndLetsStartedWorkEnd) {
  EventLoop loop;
  BlockingPool pool({.threads = 1});
  std::latch started(1);
  std::latch released(1);
  std::stop_source stop;
  bool ran = false;
  const auto stop_it = [&]() -> Task<> {
    started.wait();
    stop.request_stop();
    released.count_down();
    co_return;
  };
  const auto run = [&]() -> Task<> {
    auto [begun, queued, stopped] = co_await Gather(
        RunOn(
            pool, loop,
            [&] {
              started.count_down();
              released.wait();
              return 7;
            },
            stop.get_token()),
        RunOn(pool, loop, [&] { ran = true; }, stop.get_token()), stop_it());
    EXPECT_EQ(*begun, 7);
    EXPECT_EQ(queued.code(), absl::StatusCode::kCancelled);
  };
  loop.RunUntilComplete(run());
  EXPECT_FALSE(ran);
  EXPECT_EQ(pool.queued(), 0U);
}

TEST(BlockingPoolTest, StopBeforehandNeverRuns) {
  EventLoop loop;
  BlockingPool pool({.threads = 1});
  std::stop_source stop;
  stop.request_stop();
  bool ran = false;
  const absl::Status status = loop.RunUntilComplete(
      RunOn(pool, loop, [&] { ran = true; }, stop.get_token()));
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_FALSE(ran);
}

// A stop from outside races the pool's thread for the work: it ends once,
// either way.
TEST(BlockingPoolTest, StopThatRacesTheStartEndsTheWorkOnce) {
  EventLoop loop;
  BlockingPool pool({.threads = 2});
  for (int i = 0; i < 200; ++i) {
    std::stop_source stop;
    const std::jthread other([&] { stop.request_stop(); });
    const absl::Status status =
        loop.RunUntilComplete(RunOn(pool, loop, [] {}, stop.get_token()));
    EXPECT_TRUE(status.ok() || absl::IsCancelled(status)) << status;
  }
}

TEST(BlockingPoolTest, LoopsShareAPool) {
  BlockingPool pool({.threads = 2});
  const auto use = [&pool] {
    EventLoop loop;
    const auto run = [&]() -> Task<> {
      for (int i = 0; i < 100; ++i) {
        const auto number = [i] { return i; };
        EXPECT_EQ(*co_await pool.Run(loop, number), i);
      }
    };
    loop.RunUntilComplete(run());
  };
  const std::jthread first(use);
  const std::jthread second(use);
}

}  // namespace
}  // namespace gather::async
