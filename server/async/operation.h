#ifndef GATHER_SERVER_ASYNC_OPERATION_H_
#define GATHER_SERVER_ASYNC_OPERATION_H_

#include <cassert>
#include <coroutine>
#include <utility>

#include "server/async/completion.h"
#include "server/async/event_loop.h"

namespace gather::async {

// Awaits one operation of a completion queue: `start(tag)` starts it, and the
// await gives the `ok` that its tag came back with.
//
//   Operation finish(loop, [&](void* tag) { writer.Finish(reply, ok, tag); });
//   bool sent = co_await finish;
//
// Name it, as above: GCC 12 destroys temporaries of a co_await expression twice
// where they are aggregates, lambdas with captures among them
// (https://gcc.gnu.org/bugzilla/show_bug.cgi?id=98401).
//
// Thread: the loop's.
// Cancellation: that of the operation. The tag comes in any case.
template <typename F>
class [[nodiscard]] Operation final : public Completion {
 public:
  Operation(EventLoop& loop, F start) : loop_(loop), start_(std::move(start)) {}

  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    assert(loop_.IsCurrentThread());
    waiter_ = waiter;
    set_activity(loop_.activity());
    start_(tag());
  }
  bool await_resume() noexcept { return ok_; }

 private:
  void Complete(bool ok) override {
    ok_ = ok;
    waiter_.resume();
  }

  EventLoop& loop_;
  F start_;
  std::coroutine_handle<> waiter_;
  bool ok_ = false;
};

}  // namespace gather::async

#endif  // GATHER_SERVER_ASYNC_OPERATION_H_
