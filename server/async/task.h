#ifndef GATHER_SERVER_ASYNC_TASK_H_
#define GATHER_SERVER_ASYNC_TASK_H_

#include <cassert>
#include <coroutine>
#include <exception>
#include <type_traits>
#include <utility>
#include <variant>

namespace gather::async {

template <typename T>
class Task;

namespace detail {

// Who is told that a task has ended. Returns what to run next on this thread:
// the waiter, or std::noop_coroutine() where there is none to wake yet.
class Continuation {
 public:
  virtual std::coroutine_handle<> Done() noexcept = 0;

 protected:
  ~Continuation() = default;
};

class PromiseBase {
 public:
  std::suspend_always initial_suspend() noexcept { return {}; }

  auto final_suspend() noexcept { return FinalAwaiter(); }

  void set_continuation(Continuation* continuation) {
    continuation_ = continuation;
  }

 private:
  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }

    // Symmetric transfer: a chain of tasks of any length ends without growing
    // the stack.
    template <typename Promise>
    std::coroutine_handle<> await_suspend(
        std::coroutine_handle<Promise> self) noexcept {
      return self.promise().continuation_->Done();
    }

    void await_resume() noexcept {}
  };

  Continuation* continuation_ = nullptr;
};

template <typename T>
class Promise : public PromiseBase {
 public:
  Task<T> get_return_object() noexcept;

  template <typename U>
    requires std::is_convertible_v<U&&, T>
  void return_value(U&& value) {
    result_.template emplace<1>(std::forward<U>(value));
  }

  void unhandled_exception() noexcept {
    result_.template emplace<2>(std::current_exception());
  }

  T Take() {
    if (auto* error = std::get_if<2>(&result_)) std::rethrow_exception(*error);
    return std::get<1>(std::move(result_));
  }

 private:
  std::variant<std::monostate, T, std::exception_ptr> result_;
};

template <>
class Promise<void> : public PromiseBase {
 public:
  Task<void> get_return_object() noexcept;

  void return_void() noexcept {}

  void unhandled_exception() noexcept { error_ = std::current_exception(); }

  void Take() {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::exception_ptr error_;
};

}  // namespace detail

// A coroutine that has not started: it runs when it is awaited, on the thread
// that awaits it, and gives a T.
//
//   Task<int> Answer(EventLoop& loop) {
//     co_await SleepFor(loop, 1s);
//     co_return 42;
//   }
//   int answer = co_await Answer(loop);
//
// Forgotten await: a Task that is dropped does not compile (with warnings as
// errors), and one that is never awaited never runs.
// Errors: an exception that leaves the coroutine is thrown again at the await;
// Gather and TaskScope turn it into a status instead.
// Lifetime: the task owns the coroutine's frame. It must not be destroyed while
// the coroutine is suspended in an operation: ask that to stop, then await.
// Thread: a task and all that it awaits stay on one thread.
template <typename T = void>
class [[nodiscard("a task runs only when it is awaited")]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using value_type = T;

  explicit Task(std::coroutine_handle<promise_type> handle) noexcept
      : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    Task(std::move(other)).swap(*this);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  void swap(Task& other) noexcept { std::swap(handle_, other.handle_); }

  auto operator co_await() && noexcept { return Awaiter(handle_); }

  // For Gather and TaskScope, which await many tasks at once: runs the task up
  // to its first suspension. `continuation` is told when it ends and must
  // outlive that. Call at most once, and not on a task that is awaited.
  void Start(detail::Continuation* continuation) {
    handle_.promise().set_continuation(continuation);
    handle_.resume();
  }

  // The result of a task that has ended; throws what the coroutine threw.
  T Take() {
    assert(handle_.done());
    return handle_.promise().Take();
  }

 private:
  class Awaiter final : public detail::Continuation {
   public:
    explicit Awaiter(std::coroutine_handle<promise_type> task) : task_(task) {}

    bool await_ready() noexcept { return false; }

    std::coroutine_handle<> await_suspend(
        std::coroutine_handle<> waiter) noexcept {
      waiter_ = waiter;
      task_.promise().set_continuation(this);
      return task_;
    }

    T await_resume() { return task_.promise().Take(); }

   private:
    std::coroutine_handle<> Done() noexcept override { return waiter_; }

    std::coroutine_handle<promise_type> task_;
    std::coroutine_handle<> waiter_;
  };

  std::coroutine_handle<promise_type> handle_;
};

namespace detail {

template <typename T>
Task<T> Promise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}

inline Task<void> Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

}  // namespace detail
}  // namespace gather::async

#endif  // GATHER_SERVER_ASYNC_TASK_H_
