// How a server stops.

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "server/async/clock.h"
#include "server/rpc/server.h"
#include "server/rpc/time_to_leave.h"

namespace gather::rpc {
namespace {

// After the deadline of a drain, when calls are stopped: time for their
// handlers to end, and for their callers to be told why. Then gRPC cancels what
// is left.
constexpr std::chrono::milliseconds kCancelAfter(200);
// After the same: gRPC can't end a call while its connection's last write does
// not return.
constexpr std::chrono::milliseconds kCutAfter(500);
// So that what is after it is a time, too.
constexpr std::chrono::hours kForever(24 * 365);

}  // namespace

void Server::StopServing() {
  if (state_ != State::kActive) return;
  state_ = State::kDraining;
  health_.StopServing();
}

void Server::AwaitLeave(async::Clock::time_point deadline) {
  const async::Clock::time_point until =
      async::Clock::now() + TimeToLeave(options_.max_connection_age);
  if (until > deadline) return;
  while (connections_->CountConnections(listener_->place()) > 0 &&
         async::Clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

void Server::EndLateCalls(async::Clock::time_point deadline,
                          std::stop_token over) {
  std::mutex mutex;
  std::condition_variable_any ended;
  std::unique_lock lock(mutex);
  const auto over_before = [&](async::Clock::time_point when) {
    return ended.wait_until(lock, over, when,
                            [&over] { return over.stop_requested(); });
  };
  if (over_before(deadline)) return;
  for (const auto& serving : loops_) serving->calls_in_flight.RequestStop();
  if (over_before(deadline + kCutAfter)) return;
  connections_->EndConnections(listener_->place());
}

void Server::Drain(async::Clock::time_point deadline) {
  StopServing();
  if (state_ != State::kDraining) return;
  deadline = std::min(deadline, async::Clock::now() + kForever);
  // First: gRPC does not close connections that are handed to it later.
  listener_->Stop();
  need_.Close(static_cast<int>(threads_.size()));
  health_.EndWatches();
  reflection_.EndStreams();
  AwaitLeave(deadline);
  reset_guard_.reset();  // they look at connections
  half_sent_guard_.reset();
  {
    std::jthread late;
    try {
      late = std::jthread([this, deadline](std::stop_token over) {
        EndLateCalls(deadline, std::move(over));
      });
    } catch (const std::exception&) {
      // Without a thread to be had, gRPC cancels what is late.
    }
    // On this thread, while the loops go on: it returns when the last call has
    // ended.
    server_->Shutdown(async::ToTimespec(deadline + kCancelAfter));
  }
  threads_.clear();  // joins: each ends once its calls are settled
  // Before its queues are shut down, which the loops do as they go: gRPC
  // insists. They and the watchdog stay until then, for stats().
  server_.reset();
  state_ = State::kStopped;
}

}  // namespace gather::rpc
