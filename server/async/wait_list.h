#ifndef GATHER_SERVER_ASYNC_WAIT_LIST_H_
#define GATHER_SERVER_ASYNC_WAIT_LIST_H_

#include <cassert>
#include <coroutine>
#include <optional>
#include <stop_token>
#include <utility>

#include "absl/status/status.h"
#include "server/async/completion.h"
#include "server/async/event_loop.h"
#include "server/async/intrusive_list.h"

namespace gather::async {

// Coroutines of one loop that wait for a condition. As with a condition
// variable, a waiter that was woken checks the condition again:
//
//   while (!ready) {
//     absl::Status woken = co_await waiters.Wait(stop);
//     if (!woken.ok()) co_return woken;  // CANCELLED
//   }
//
// A wake-up is never lost: a waiter that is notified and stopped at once
// counts as notified. Nor can one fail: waiting and waking allocate nothing.
//
// Thread: the loop's, stop requests included.
// Lifetime: must outlive its waiters.
class WaitList {
 public:
  explicit WaitList(EventLoop& loop) : loop_(loop) {}
  WaitList(const WaitList&) = delete;
  WaitList& operator=(const WaitList&) = delete;

  // OK once notified; CANCELLED, without words, once `stop` is requested.
  class Awaiter;
  Awaiter Wait(std::stop_token stop = {});

  // Wakes the waiter that waits longest, if there is one. It runs later, from
  // the loop, so that the caller need not expect it.
  void NotifyOne();
  void NotifyAll();

 private:
  EventLoop& loop_;
  IntrusiveList<Awaiter> waiters_;
};

class [[nodiscard]] WaitList::Awaiter final : public Completion {
 public:
  Awaiter(WaitList& list, std::stop_token stop)
      : list_(list), stop_(std::move(stop)) {}

  bool await_ready() noexcept {
    stopped_ = stop_.stop_requested();
    return stopped_;
  }

  void await_suspend(std::coroutine_handle<> waiter) {
    assert(list_.loop_.IsCurrentThread());
    waiter_ = waiter;
    set_activity(list_.loop_.activity());
    list_.waiters_.PushBack(*this);
    on_stop_.emplace(std::move(stop_), OnStop(this));
  }

  absl::Status await_resume() noexcept {
    return stopped_ ? absl::Status(absl::StatusCode::kCancelled, "")
                    : absl::OkStatus();
  }

 private:
  friend class WaitList;

  class OnStop {
   public:
    explicit OnStop(Awaiter* waiter) : waiter_(waiter) {}
    void operator()() {
      if (waiter_->woken_) return;
      waiter_->stopped_ = true;
      waiter_->Wake();
    }

   private:
    Awaiter* waiter_;
  };

  void Wake() {
    woken_ = true;
    Unlink();
    list_.loop_.Post(this);
  }

  void Complete(bool) override {
    on_stop_.reset();
    waiter_.resume();
  }

  WaitList& list_;
  std::stop_token stop_;
  std::optional<std::stop_callback<OnStop>> on_stop_;
  std::coroutine_handle<> waiter_;
  bool woken_ = false;
  bool stopped_ = false;
};

inline WaitList::Awaiter WaitList::Wait(std::stop_token stop) {
  return Awaiter(*this, std::move(stop));
}

inline void WaitList::NotifyOne() {
  if (!waiters_.empty()) waiters_.front().Wake();
}

inline void WaitList::NotifyAll() {
  while (!waiters_.empty()) NotifyOne();
}

}  // namespace gather::async

#endif  // GATHER_SERVER_ASYNC_WAIT_LIST_H_
