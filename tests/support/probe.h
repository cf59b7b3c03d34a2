#ifndef GATHER_TESTS_SUPPORT_PROBE_H_
#define GATHER_TESTS_SUPPORT_PROBE_H_

#include <coroutine>
#include <utility>

#include "server/async/task.h"

namespace gather::testing {

// A place where a coroutine waits until the test resumes it, which must be
// exactly once: a second resumption fails the test by a crash on a null handle.
class Pause {
 public:
  Pause() = default;
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;

  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) { waiter_ = waiter; }
  void await_resume() noexcept {}

  bool waiting() const { return static_cast<bool>(waiter_); }
  void Resume() { std::exchange(waiter_, {}).resume(); }

 private:
  std::coroutine_handle<> waiter_;
};

// Counts its living instances: a frame that leaks keeps them from zero.
class Counted {
 public:
  explicit Counted(int* alive) : alive_(alive) { ++*alive_; }
  Counted(const Counted& other) : Counted(other.alive_) {}
  Counted(Counted&& other) noexcept : Counted(other.alive_) {}
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --*alive_; }

 private:
  int* alive_;
};

// Runs a task that needs no loop, up to its first suspension, and can say
// whether it has ended.
template <typename T>
class Runner final : public async::detail::Continuation {
 public:
  explicit Runner(async::Task<T> task) : task_(std::move(task)) {}
  void Start() { task_.Start(this); }
  bool done() const { return ends_ == 1; }
  T Take() { return task_.Take(); }

 private:
  std::coroutine_handle<> Done() noexcept override {
    ++ends_;
    return std::noop_coroutine();
  }

  async::Task<T> task_;
  int ends_ = 0;
};

}  // namespace gather::testing

#endif  // GATHER_TESTS_SUPPORT_PROBE_H_
