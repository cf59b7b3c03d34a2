#ifndef GATHER_SERVER_ASYNC_TIMER_H_
#define GATHER_SERVER_ASYNC_TIMER_H_

#include <grpcpp/alarm.h>

#include <chrono>
#include <coroutine>
#include <optional>
#include <stop_token>
#include <utility>

#include "absl/status/status.h"
#include "server/async/clock.h"
#include "server/async/completion.h"
#include "server/async/event_loop.h"

namespace gather::async {

// co_await SleepUntil(loop, when, stop): OK at `when` or soon after, CANCELLED
// as soon as a stop is requested. Thousands of sleepers wait on one thread.
//
// Thread: await on the loop's thread; the stop may come from any.
class [[nodiscard]] SleepUntil final : public Completion {
 public:
  explicit SleepUntil(EventLoop& loop, Clock::time_point when,
                      std::stop_token stop = {})
      : loop_(loop), when_(when), stop_(std::move(stop)) {}

  bool await_ready() noexcept { return stop_.stop_requested(); }

  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    set_activity(loop_.activity());
    // One alarm a wait: an alarm that is cancelled and set again before its tag
    // is out crashes.
    alarm_.Set(loop_.queue(), ToTimespec(when_), tag());
    on_stop_.emplace(std::move(stop_), Cancel(&alarm_));
  }

  // CANCELLED comes without words, which would need memory.
  absl::Status await_resume() noexcept {
    return expired_ ? absl::OkStatus()
                    : absl::Status(absl::StatusCode::kCancelled, "");
  }

 private:
  class Cancel {
   public:
    explicit Cancel(grpc::Alarm* alarm) : alarm_(alarm) {}
    void operator()() { alarm_->Cancel(); }

   private:
    grpc::Alarm* alarm_;
  };

  void Complete(bool ok) override {
    expired_ = ok;
    on_stop_.reset();
    waiter_.resume();
  }

  EventLoop& loop_;
  Clock::time_point when_;
  std::stop_token stop_;
  grpc::Alarm alarm_;
  std::optional<std::stop_callback<Cancel>> on_stop_;
  std::coroutine_handle<> waiter_;
  bool expired_ = false;
};

inline SleepUntil SleepFor(EventLoop& loop, Clock::duration duration,
                           std::stop_token stop = {}) {
  return SleepUntil(loop, Clock::now() + duration, std::move(stop));
}

}  // namespace gather::async

#endif  // GATHER_SERVER_ASYNC_TIMER_H_
