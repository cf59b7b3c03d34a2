#ifndef GATHER_SERVER_ASYNC_BOUNDED_QUEUE_H_
#define GATHER_SERVER_ASYNC_BOUNDED_QUEUE_H_

#include <cassert>
#include <cstddef>
#include <deque>
#include <stop_token>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/async/event_loop.h"
#include "server/async/task.h"
#include "server/async/wait_list.h"

namespace gather::async {

// First in, first out between coroutines of one loop: producers wait while it
// is full, consumers while it is empty (asyncio.Queue).
//
// Close() ends it: waiting producers fail, consumers take what is left.
//
// Thread: the loop's, stop requests included.
// Lifetime: must outlive the tasks that Push() and Pop() give.
template <typename T>
class BoundedQueue {
 public:
  // `capacity` is at least 1.
  BoundedQueue(EventLoop& loop, std::size_t capacity)
      : capacity_(capacity), not_full_(loop), not_empty_(loop) {
    assert(capacity > 0);
  }

  // OK once the value is in; CANCELLED; FAILED_PRECONDITION once closed. Unless
  // OK, the value is dropped.
  Task<absl::Status> Push(T value, std::stop_token stop = {}) {
    while (!closed_ && values_.size() >= capacity_) {
      absl::Status woken = co_await not_full_.Wait(stop);
      if (!woken.ok()) co_return woken;
    }
    if (closed_) co_return absl::FailedPreconditionError("queue closed");
    values_.push_back(std::move(value));
    not_empty_.NotifyOne();
    co_return absl::OkStatus();
  }

  // The same without waiting: false, and the value dropped, where there is no
  // room or the queue is closed.
  bool TryPush(T value) {
    if (closed_ || values_.size() >= capacity_) return false;
    values_.push_back(std::move(value));
    not_empty_.NotifyOne();
    return true;
  }

  // The oldest value; CANCELLED; OUT_OF_RANGE once closed and empty.
  Task<absl::StatusOr<T>> Pop(std::stop_token stop = {}) {
    while (!closed_ && values_.empty()) {
      absl::Status woken = co_await not_empty_.Wait(stop);
      if (!woken.ok()) co_return woken;
    }
    if (values_.empty()) co_return absl::OutOfRangeError("queue closed");
    absl::StatusOr<T> value(std::move(values_.front()));
    values_.pop_front();
    not_full_.NotifyOne();
    co_return value;
  }

  void Close() {
    closed_ = true;
    not_full_.NotifyAll();
    not_empty_.NotifyAll();
  }

  std::size_t size() const { return values_.size(); }

 private:
  const std::size_t capacity_;
  bool closed_ = false;
  std::deque<T> values_;
  WaitList not_full_;
  WaitList not_empty_;
};

}  // namespace gather::async

#endif  // GATHER_SERVER_ASYNC_BOUNDED_QUEUE_H_
