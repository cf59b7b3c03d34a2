#ifndef GATHER_SERVER_ASYNC_TASK_SCOPE_H_
#define GATHER_SERVER_ASYNC_TASK_SCOPE_H_

#include <cassert>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <stop_token>
#include <utility>

#include "absl/status/status.h"
#include "server/async/outcome.h"
#include "server/async/task.h"

namespace gather::async {

// Fire and forget that shutdown can wait for. Two problems of detached work are
// solved here: it can't be started once the scope is closed, and the scope
// knows when the last of it has ended.
//
//   TaskScope scope;
//   scope.Spawn(Refresh(cache, scope.stop_token()));
//   ...
//   scope.RequestStop();
//   absl::Status first_failure = co_await scope.Join();
//
// Where a task must not fail to start, as what it awaits is under way already,
// all that it needs is allocated before:
//
//   TaskScope::Prepared reply = scope.Prepare(Reply(order));
//   co_await order.Arrive();
//   reply.Start();
//
// Thread: one, that of the loop its tasks run on.
// Lifetime: the scope must be joined, or empty, when it is destroyed.
class TaskScope {
 public:
  TaskScope() = default;
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;
  ~TaskScope() { assert(running_ == 0 && "join a scope before it goes"); }

  // Runs `task` up to its first suspension. False, with the task destroyed
  // before it ran, once the scope is closed.
  bool Spawn(Task<> task);

  // A task that is not running yet, and for which nothing more is allocated
  // when it is to. Must not outlive the scope.
  class Prepared;
  Prepared Prepare(Task<> task);

  // Refuses new tasks from now on.
  void Close() { closed_ = true; }

  // Asks the tasks that listen to stop_token() to end.
  void RequestStop() { stop_.request_stop(); }
  std::stop_token stop_token() const { return stop_.get_token(); }

  // Tasks that have not ended.
  std::size_t running() const { return running_; }

  // co_await scope.Join(): closes the scope and waits for every task. Gives OK,
  // or INTERNAL with the words of the first exception that left a task. At most
  // one coroutine may wait at a time.
  class JoinAwaiter;
  JoinAwaiter Join();

 private:
  // A coroutine that owns itself, once it is resumed.
  struct Detached {
    struct promise_type {
      Detached get_return_object() noexcept {
        return {std::coroutine_handle<promise_type>::from_promise(*this)};
      }
      std::suspend_always initial_suspend() noexcept { return {}; }
      std::suspend_never final_suspend() noexcept { return {}; }
      void return_void() noexcept {}
      void unhandled_exception() noexcept { std::terminate(); }
    };
    std::coroutine_handle<> frame;
  };

  Detached Run(Task<> task) {
    absl::Status status;
    {
      // Gone before Join() returns, with all that its frame holds.
      Task<> running = std::move(task);
      try {
        co_await std::move(running);
      } catch (...) {
        status = StatusOf(std::current_exception());
      }
    }
    first_failure_.Update(status);
    // The last step: whoever waits may destroy the scope.
    if (--running_ == 0 && joiner_) std::exchange(joiner_, {}).resume();
  }

  std::size_t running_ = 0;
  bool closed_ = false;
  absl::Status first_failure_;
  std::stop_source stop_;
  std::coroutine_handle<> joiner_;
};

class [[nodiscard]] TaskScope::Prepared {
 public:
  Prepared(Prepared&& other) noexcept
      : scope_(other.scope_), frame_(std::exchange(other.frame_, {})) {}
  Prepared& operator=(Prepared&&) = delete;
  ~Prepared() {
    if (frame_) frame_.destroy();
  }

  // As Spawn(). At most once.
  bool Start() noexcept {
    assert(frame_);
    if (scope_->closed_) return false;
    ++scope_->running_;
    std::exchange(frame_, {}).resume();
    return true;
  }

 private:
  friend class TaskScope;
  Prepared(TaskScope* scope, std::coroutine_handle<> frame)
      : scope_(scope), frame_(frame) {}

  TaskScope* scope_;
  std::coroutine_handle<> frame_;
};

inline bool TaskScope::Spawn(Task<> task) {
  return !closed_ && Prepare(std::move(task)).Start();
}

inline TaskScope::Prepared TaskScope::Prepare(Task<> task) {
  return Prepared(this, Run(std::move(task)).frame);
}

class [[nodiscard]] TaskScope::JoinAwaiter {
 public:
  explicit JoinAwaiter(TaskScope* scope) : scope_(scope) { scope->Close(); }

  bool await_ready() noexcept { return scope_->running_ == 0; }
  void await_suspend(std::coroutine_handle<> joiner) {
    assert(!scope_->joiner_ && "one joiner at a time");
    scope_->joiner_ = joiner;
  }
  absl::Status await_resume() { return scope_->first_failure_; }

 private:
  TaskScope* scope_;
};

inline TaskScope::JoinAwaiter TaskScope::Join() { return JoinAwaiter(this); }

}  // namespace gather::async

#endif  // GATHER_SERVER_ASYNC_TASK_SCOPE_H_
