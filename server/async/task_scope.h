#ifndef GATHER_SERVER_ASYNC_TASK_SCOPE_H_
#define GATHER_SERVER_ASYNC_TASK_SCOPE_H_

#include <cassert>
#include <coroutine>
#include <cstddef>
#include <stop_token>

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
  bool Spawn(Task<> task) {
    if (closed_) return false;
    ++running_;
    Run(std::move(task));
    return true;
  }

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
  // A coroutine that owns itself.
  struct Detached {
    struct promise_type {
      Detached get_return_object() noexcept { return {}; }
      std::suspend_never initial_suspend() noexcept { return {}; }
      std::suspend_never final_suspend() noexcept { return {}; }
      void return_void() noexcept {}
      void unhandled_exception() noexcept { std::terminate(); }
    };
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
