#ifndef GATHER_SERVER_ASYNC_WAIT_LIST_H_
#define GATHER_SERVER_ASYNC_WAIT_LIST_H_

#include <cassert>
#include <coroutine>
#include <list>
#include <optional>
#include <stop_token>
#include <utility>

#include "absl/status/status.h"
#include "server/async/completion.h"
#include "server/async/event_loop.h"

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
// counts as notified.
//
// Thread: the loop's, stop requests included.
// Lifetime: must outlive its waiters.
class WaitList {
 public:
  explicit WaitList(EventLoop& loop) : loop_(loop) {}
  WaitList(const WaitList&) = delete;
  WaitList& operator=(const WaitList&) = delete;
  ~WaitList() { assert(waiters_.empty()); }

  // OK once notified, CANCELLED once `stop` is requested.
  class Awaiter;
  Awaiter Wait(std::stop_token stop = {});

  // Wakes the waiter that waits longest, if there is one. It runs later, from
  // the loop, so that the caller need not expect it.
  void NotifyOne();
  void NotifyAll();

 private:
  EventLoop& loop_;
  std::list<Awaiter*> waiters_;
};

class [[nodiscard]] WaitList::Awaiter final : public Completion {
 public:
  Awaiter(WaitList& list, std::stop_token stop)
      : list_(list), stop_(std::move(stop)) {}

  bool await_ready() noexcept {
    if (stop_.stop_requested()) status_ = Stopped();
    return !status_.ok();
  }

  void await_suspend(std::coroutine_handle<> waiter) {
    assert(list_.loop_.IsCurrentThread());
    waiter_ = waiter;
    set_activity(list_.loop_.activity());
    place_ = list_.waiters_.insert(list_.waiters_.end(), this);
    on_stop_.emplace(std::move(stop_), OnStop(this));
  }

  absl::Status await_resume() { return std::move(status_); }

 private:
  friend class WaitList;

  class OnStop {
   public:
    explicit OnStop(Awaiter* waiter) : waiter_(waiter) {}
    void operator()() {
      if (waiter_->woken_) return;
      waiter_->status_ = Stopped();
      waiter_->Wake();
    }

   private:
    Awaiter* waiter_;
  };

  static absl::Status Stopped() { return absl::CancelledError("stopped"); }

  void Wake() {
    woken_ = true;
    list_.waiters_.erase(place_);
    list_.loop_.Post(this);
  }

  void Complete(bool) override {
    on_stop_.reset();
    waiter_.resume();
  }

  WaitList& list_;
  std::stop_token stop_;
  std::optional<std::stop_callback<OnStop>> on_stop_;
  std::list<Awaiter*>::iterator place_;
  std::coroutine_handle<> waiter_;
  bool woken_ = false;
  absl::Status status_;
};

inline WaitList::Awaiter WaitList::Wait(std::stop_token stop) {
  return Awaiter(*this, std::move(stop));
}

inline void WaitList::NotifyOne() {
  if (!waiters_.empty()) waiters_.front()->Wake();
}

inline void WaitList::NotifyAll() {
  while (!waiters_.empty()) NotifyOne();
}

}  // namespace gather::async

#endif  // GATHER_SERVER_ASYNC_WAIT_LIST_H_
