#ifndef GATHER_SERVER_ASYNC_SEMAPHORE_H_
#define GATHER_SERVER_ASYNC_SEMAPHORE_H_

#include <cassert>
#include <coroutine>
#include <cstddef>
#include <optional>
#include <stop_token>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/async/completion.h"
#include "server/async/event_loop.h"
#include "server/async/intrusive_list.h"

namespace gather::async {

// So many at a time, of the coroutines of one loop (asyncio.Semaphore). Who
// waits longest is next: a permit that is given back goes to it, and nobody who
// comes later gets in between.
//
//   absl::StatusOr<Semaphore::Permit> permit = co_await
//   semaphore.Acquire(stop); if (!permit.ok()) co_return permit.status();  //
//   CANCELLED
//   ...                                           // until the permit goes
//
// A permit that is granted and stopped at once counts as granted. Nothing here
// allocates.
//
// Thread: the loop's, stop requests included.
// Lifetime: must outlive its permits and those who wait for one.
class Semaphore {
 public:
  Semaphore(EventLoop& loop, std::size_t permits)
      : loop_(loop), available_(permits) {}
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  // Given back when it goes.
  class Permit {
   public:
    Permit(Permit&& other) noexcept
        : semaphore_(std::exchange(other.semaphore_, nullptr)) {}
    Permit& operator=(Permit&& other) noexcept {
      Permit(std::move(other)).swap(*this);
      return *this;
    }
    ~Permit() {
      if (semaphore_ != nullptr) semaphore_->Release();
    }
    void swap(Permit& other) noexcept {
      std::swap(semaphore_, other.semaphore_);
    }

   private:
    friend class Semaphore;
    explicit Permit(Semaphore* semaphore) : semaphore_(semaphore) {}

    Semaphore* semaphore_;
  };

  // OK once it is this one's turn; CANCELLED, without words, once `stop` is
  // requested.
  class AcquireAwaiter;
  AcquireAwaiter Acquire(std::stop_token stop = {});

  // A permit where there is one right now.
  std::optional<Permit> TryAcquire() {
    if (available_ == 0) return std::nullopt;
    --available_;
    return Permit(this);
  }

  // Permits that nobody has. Where there is one, nobody waits.
  std::size_t available() const { return available_; }

 private:
  void Release() noexcept;

  EventLoop& loop_;
  std::size_t available_;
  IntrusiveList<AcquireAwaiter> waiters_;
};

class [[nodiscard]] Semaphore::AcquireAwaiter final : public Completion {
 public:
  AcquireAwaiter(Semaphore& semaphore, std::stop_token stop)
      : semaphore_(semaphore), stop_(std::move(stop)) {}

  bool await_ready() noexcept {
    if (stop_.stop_requested()) return true;
    permit_ = semaphore_.TryAcquire();
    return permit_.has_value();
  }

  void await_suspend(std::coroutine_handle<> waiter) {
    assert(semaphore_.loop_.IsCurrentThread());
    waiter_ = waiter;
    set_activity(semaphore_.loop_.activity());
    semaphore_.waiters_.PushBack(*this);
    on_stop_.emplace(std::move(stop_), OnStop(this));
  }

  absl::StatusOr<Permit> await_resume() noexcept {
    if (permit_) return *std::move(permit_);
    return absl::Status(absl::StatusCode::kCancelled, "");
  }

 private:
  friend class Semaphore;

  class OnStop {
   public:
    explicit OnStop(AcquireAwaiter* waiter) : waiter_(waiter) {}
    void operator()() {
      if (!waiter_->permit_) waiter_->Leave();
    }

   private:
    AcquireAwaiter* waiter_;
  };

  void Grant() {
    permit_ = Permit(&semaphore_);
    Leave();
  }

  void Leave() {
    Unlink();
    semaphore_.loop_.Post(this);
  }

  void Complete(bool) override {
    on_stop_.reset();
    waiter_.resume();
  }

  Semaphore& semaphore_;
  std::stop_token stop_;
  std::optional<std::stop_callback<OnStop>> on_stop_;
  std::coroutine_handle<> waiter_;
  std::optional<Permit> permit_;
};

inline Semaphore::AcquireAwaiter Semaphore::Acquire(std::stop_token stop) {
  return AcquireAwaiter(*this, std::move(stop));
}

inline void Semaphore::Release() noexcept {
  if (waiters_.empty()) {
    ++available_;
  } else {
    waiters_.front().Grant();
  }
}

}  // namespace gather::async

#endif  // GATHER_SERVER_ASYNC_SEMAPHORE_H_
