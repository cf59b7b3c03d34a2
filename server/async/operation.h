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
//   struct FinishStream {
//     void operator()(void* tag) const { writer->Finish(status, tag); }
//     ...
//   };
//   Operation<FinishStream> finish(loop, {&writer, status});
//   bool sent = co_await finish;
//
// Name it where F is made with braces or captures by value: GCC 12 destroys
// such temporaries of a co_await expression twice
// (decisions/0016-gcc-12-coroutines.md has that, and more to avoid).
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
