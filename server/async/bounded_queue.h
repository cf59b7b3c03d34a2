#ifndef GATHER_SERVER_ASYNC_BOUNDED_QUEUE_H_
#define GATHER_SERVER_ASYNC_BOUNDED_QUEUE_H_

#include <cassert>
#include <cstddef>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/async/event_loop.h"
#include "server/async/task.h"
#include "server/async/wait_list.h"

namespace gather::async {

// First in, first out between coroutines of one loop: producers wait while it
// is full, consumers while it is empty (asyncio.Queue).
//
// Close() ends it: waiting producers fail, consumers take what is left. So
// that neither side waits for one that has left by an exception, each holds a
// Closer:
//
//   Task<> Produce(BoundedQueue<int>& queue) {
//     const BoundedQueue<int>::Closer closer(queue);
//     while (...) co_await queue.Push(Next());
//   }
//
// Room for all values is allocated at once: no later push can fail for lack of
// it.
//
// Thread: the loop's, stop requests included.
// Lifetime: must outlive the tasks that Push() and Pop() give.
template <typename T>
class BoundedQueue {
 public:
  // `capacity` is at least 1.
  BoundedQueue(EventLoop& loop, std::size_t capacity)
      : slots_(capacity), not_full_(loop), not_empty_(loop) {
    assert(capacity > 0);
  }

  // Closes the queue when it goes: for the one producer, or the one consumer.
  class Closer {
   public:
    explicit Closer(BoundedQueue& queue) : queue_(queue) {}
    Closer(const Closer&) = delete;
    Closer& operator=(const Closer&) = delete;
    ~Closer() { queue_.Close(); }

   private:
    BoundedQueue& queue_;
  };

  // OK once the value is in; CANCELLED; FAILED_PRECONDITION once closed. Unless
  // OK, the value is dropped.
  Task<absl::Status> Push(T value, std::stop_token stop = {}) {
    while (!closed_ && full()) {
      const absl::Status woken = co_await not_full_.Wait(stop);
      if (!woken.ok()) co_return woken;
    }
    if (!TryPush(std::move(value))) {
      co_return absl::FailedPreconditionError("queue closed");
    }
    co_return absl::OkStatus();
  }

  // The same without waiting: true once the value is in. False where the queue
  // is full or closed: the value is dropped.
  bool TryPush(T value) {
    if (closed_ || full()) return false;
    slots_[(first_ + size_) % slots_.size()].emplace(std::move(value));
    ++size_;
    not_empty_.NotifyOne();
    return true;
  }

  // The oldest value; CANCELLED; OUT_OF_RANGE once closed and empty.
  Task<absl::StatusOr<T>> Pop(std::stop_token stop = {}) {
    while (!closed_ && size_ == 0) {
      const absl::Status woken = co_await not_empty_.Wait(stop);
      if (!woken.ok()) co_return woken;
    }
    if (size_ == 0) co_return absl::OutOfRangeError("queue closed");
    std::optional<T>& slot = slots_[first_];
    absl::StatusOr<T> value(*std::move(slot));
    slot.reset();
    first_ = (first_ + 1) % slots_.size();
    --size_;
    not_full_.NotifyOne();
    co_return value;
  }

  void Close() {
    closed_ = true;
    not_full_.NotifyAll();
    not_empty_.NotifyAll();
  }

  std::size_t size() const { return size_; }

 private:
  bool full() const { return size_ == slots_.size(); }

  bool closed_ = false;
  std::vector<std::optional<T>> slots_;  // a ring
  std::size_t first_ = 0;                // the oldest value's
  std::size_t size_ = 0;
  WaitList not_full_;
  WaitList not_empty_;
};

}  // namespace gather::async

#endif  // GATHER_SERVER_ASYNC_BOUNDED_QUEUE_H_
