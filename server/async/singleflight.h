#ifndef GATHER_SERVER_ASYNC_SINGLEFLIGHT_H_
#define GATHER_SERVER_ASYNC_SINGLEFLIGHT_H_

#include <cassert>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "server/async/event_loop.h"
#include "server/async/outcome.h"
#include "server/async/task.h"
#include "server/async/wait_list.h"

namespace gather::async {

// Equal work that several coroutines of one loop want at the same time, done
// once: Go's golang.org/x/sync/singleflight, for work that can be stopped. Not
// a cache: who comes after the work has ended begins it anew.
//
//   struct Lookup {
//     Lookup(std::stop_token stop, Directory& directory);  // copies what it
//     needs Task<> Run(); Reply reply;
//   };
//
//   auto seat = lookups.Board(loop, name, directory);  // begins, or joins
//   absl::Status waited;
//   while (!seat.landed() && waited.ok()) waited = co_await seat.Wait(stop);
//   if (seat.landed()) co_return seat.work().reply;
//   if (seat.Leave()) {  // the last one out has stopped it
//     while (!seat.landed()) (void)co_await seat.Wait();
//   }
//
// Nothing outlives its scope: the flight, which is the work under way, belongs
// to those who wait for it, and ends before the last of them does. So a drain
// that waits for these waits for it, too.
//
// Cancellation: each waiter has a stop of its own, and costs the others
// nothing. Thread: one, that of the loop. Lifetime: must outlive the seats.
// Between Board() and the end of the wait nothing may throw: what that needs is
// allocated before.
template <typename Work>
class Singleflight {
 public:
  class Seat;

  Singleflight() = default;
  Singleflight(const Singleflight&) = delete;
  Singleflight& operator=(const Singleflight&) = delete;
  ~Singleflight() { assert(flights_.empty() && "await what is under way"); }

  // A seat in the flight of that key. Where there is none, it begins with
  // Work(stop_token, args...) and runs up to its first suspension.
  template <typename... Args>
  Seat Board(EventLoop& loop, std::string key, Args&&... args);

 private:
  class Flight;

  // Of those that can still be joined; the key is the flight's own.
  absl::flat_hash_map<std::string_view, Flight*> flights_;
};

template <typename Work>
class Singleflight<Work>::Flight final
    : public detail::Continuation,
      public std::enable_shared_from_this<Flight> {
 public:
  template <typename... Args>
  Flight(Singleflight& open, EventLoop& loop, std::string key, Args&&... args)
      : open_(open),
        key_(std::move(key)),
        waiters(loop),
        work(stop_.get_token(), std::forward<Args>(args)...),
        task_(work.Run()) {}

  void Start() {
    open_.flights_.emplace(key_, this);
    task_.Start(this);
  }

  // Takes nobody in any more.
  void Close() {
    if (std::exchange(closed_, true)) return;
    open_.flights_.erase(key_);
  }

  void Stop() {
    Close();
    stop_.request_stop();
  }

 private:
  std::coroutine_handle<> Done() noexcept override {
    Close();
    outcome = TakeOutcome(task_);
    landed = true;
    waiters.NotifyAll();
    return std::noop_coroutine();
  }

  Singleflight& open_;
  const std::string key_;
  std::stop_source stop_;
  bool closed_ = false;

 public:
  WaitList waiters;
  Work work;
  bool landed = false;
  absl::Status outcome;

 private:
  Task<> task_;
};

// One waiter's part in a flight. Thread: the loop's.
template <typename Work>
class [[nodiscard]] Singleflight<Work>::Seat {
 public:
  Seat(Seat&&) noexcept = default;
  Seat& operator=(Seat&&) = delete;
  ~Seat() {
    assert((flight_ == nullptr || flight_->landed || flight_.use_count() > 1) &&
           "the last one out waits for the end");
  }

  // It began the flight, and joined none.
  bool first() const { return first_; }
  // Of those in the flight it is the last, and may take what there is.
  bool last() const { return flight_.use_count() == 1; }

  bool landed() const { return flight_->landed; }
  // OK where it may have landed; CANCELLED, without words, once `stop` is
  // requested.
  WaitList::Awaiter Wait(std::stop_token stop = {}) {
    return flight_->waiters.Wait(std::move(stop));
  }

  // Waits no more. True where nobody else does: then the flight is stopped, and
  // its end has to be awaited.
  bool Leave() {
    if (!last()) return false;
    flight_->Stop();
    return true;
  }

  // What the work throws is an outcome. Once it has landed.
  const absl::Status& outcome() const { return flight_->outcome; }
  Work& work() { return flight_->work; }

 private:
  friend class Singleflight;
  Seat(std::shared_ptr<Flight> flight, bool first)
      : flight_(std::move(flight)), first_(first) {}

  std::shared_ptr<Flight> flight_;
  bool first_;
};

template <typename Work>
template <typename... Args>
typename Singleflight<Work>::Seat Singleflight<Work>::Board(EventLoop& loop,
                                                            std::string key,
                                                            Args&&... args) {
  const auto open = flights_.find(key);
  if (open != flights_.end()) {
    return Seat(open->second->shared_from_this(), /*first=*/false);
  }
  auto flight = std::make_shared<Flight>(*this, loop, std::move(key),
                                         std::forward<Args>(args)...);
  flight->Start();
  return Seat(std::move(flight), /*first=*/true);
}

}  // namespace gather::async

#endif  // GATHER_SERVER_ASYNC_SINGLEFLIGHT_H_
