#ifndef GATHER_SERVER_ASYNC_BLOCKING_POOL_H_
#define GATHER_SERVER_ASYNC_BLOCKING_POOL_H_

#include <condition_variable>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/async/completion.h"
#include "server/async/event_loop.h"
#include "server/async/intrusive_list.h"
#include "server/async/outcome.h"

namespace gather::async {

// Threads for work that would hold a loop: file reads, name look-ups, long
// sums. The result comes back to the loop as a completion
// (loop.run_in_executor).
//
//   BlockingPool pool({.threads = 2, .max_queued = 64});
//   absl::StatusOr<std::string> text =
//       co_await pool.Run(loop, [] { return ReadFile("menu.txt"); }, stop);
//
// The servers here have no such work; gatherctl's tour shows what it is for.
//
// Thread: Run() is awaited on the loop's thread; many loops may share a pool.
// Lifetime: must outlive every Run() on it.
class BlockingPool {
 public:
  struct Options {
    std::size_t threads = 1;
    // More work than this waiting for a thread is refused.
    std::size_t max_queued = 1024;
  };

  explicit BlockingPool(Options options);
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  // Gives the outcome of `function()` (see outcome.h), which runs on a thread
  // of the pool; RESOURCE_EXHAUSTED where the queue is full; CANCELLED where
  // `stop` is requested before a thread took it up. Work that has begun is not
  // interrupted: the await lasts until it ends.
  template <typename F>
  class RunAwaiter;
  template <typename F>
  RunAwaiter<F> Run(EventLoop& loop, F function, std::stop_token stop = {}) {
    return RunAwaiter<F>(*this, loop, std::move(function), std::move(stop));
  }

  // Work that waits for a thread.
  std::size_t queued() const;

 private:
  class Work : public Completion {
   public:
    virtual void Execute() noexcept = 0;

   protected:
    explicit Work(EventLoop& loop) : loop_(loop) {}
    ~Work() = default;

   private:
    friend class BlockingPool;
    EventLoop& loop_;
    bool queued_ = false;  // guarded by the pool's mutex
  };

  // False if the queue is full.
  bool Enqueue(Work* work);
  // True if the work was still queued, and now never runs.
  bool Remove(Work* work);
  void ServeQueue(std::stop_token stop);

  const std::size_t max_queued_;
  mutable std::mutex mutex_;
  std::condition_variable_any available_;
  IntrusiveList<Work> queue_;
  std::size_t queued_ = 0;
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

template <typename F>
class [[nodiscard]] BlockingPool::RunAwaiter final : private Work {
 public:
  using Result = Outcome<std::invoke_result_t<F&>>;

  RunAwaiter(BlockingPool& pool, EventLoop& loop, F function,
             std::stop_token stop)
      : Work(loop),
        pool_(pool),
        loop_(loop),
        function_(std::move(function)),
        stop_(std::move(stop)) {}

  bool await_ready() {
    stopped_ = stop_.stop_requested();
    return stopped_;
  }

  bool await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    set_activity(loop_.activity());
    if (!pool_.Enqueue(this)) {
      result_.emplace(absl::ResourceExhaustedError("blocking pool is full"));
      return false;
    }
    on_stop_.emplace(std::move(stop_), OnStop(this));
    return true;
  }

  Result await_resume() {
    if (stopped_)
      return absl::CancelledError("stopped before a thread was free");
    return *std::move(result_);
  }

 private:
  class OnStop {
   public:
    explicit OnStop(RunAwaiter* work) : work_(work) {}
    void operator()() {
      if (!work_->pool_.Remove(work_)) return;
      work_->stopped_ = true;
      work_->loop_.Post(work_);
    }

   private:
    RunAwaiter* work_;
  };

  void Execute() noexcept override {
    try {
      if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
        function_();
        result_.emplace(absl::OkStatus());
      } else {
        result_.emplace(function_());
      }
    } catch (...) {
      result_.emplace(StatusOf(std::current_exception()));
    }
  }

  void Complete(bool) override {
    on_stop_.reset();
    waiter_.resume();
  }

  BlockingPool& pool_;
  EventLoop& loop_;
  F function_;
  std::stop_token stop_;
  std::optional<std::stop_callback<OnStop>> on_stop_;
  std::coroutine_handle<> waiter_;
  bool stopped_ = false;
  std::optional<Result> result_;
};

}  // namespace gather::async

#endif  // GATHER_SERVER_ASYNC_BLOCKING_POOL_H_
