// The same blocking call twice: on the loop's thread, and in a pool.

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/tour/backends.h"
#include "client/tour/calls.h"
#include "client/tour/chapters.h"
#include "server/async/blocking_pool.h"
#include "server/async/event_loop.h"
#include "server/async/gather.h"
#include "server/async/watchdog.h"

namespace gather::client::tour {
namespace {

constexpr char kBlockingCall[] = "user, blocking";
constexpr char kPooledCall[] = "user, in a pool";

// What a watchdog has told, by the name of the work that held the loop.
class Stalls {
 public:
  void Add(const async::Stall& stall) {
    const std::lock_guard lock(mutex_);
    if (!stall.over) return;
    held_[std::string(stall.activity)] = stall.held;
    added_.notify_all();
  }

  // For how long that work has held the loop; zero where it was not named,
  // which takes until the watchdog's next look to know.
  Clock::duration HeldBy(const std::string& name) {
    std::unique_lock lock(mutex_);
    added_.wait_for(lock, std::chrono::seconds(5),
                    [&] { return held_.count(name) == 1; });
    return held_[name];
  }

 private:
  std::mutex mutex_;
  std::condition_variable added_;
  std::map<std::string, Clock::duration> held_;
};

// Orders and products from coroutines, beside `user`, which fills in the first
// span.
template <typename UserCall>
std::vector<Span> RunBeside(async::EventLoop& loop, const Backends& backends,
                            UserCall user) {
  std::vector<Span> spans(3);
  const auto run = [&]() -> async::Task<> {
    (void)co_await async::Gather(Measure(loop, backends, kOrders, spans[1]),
                                 Measure(loop, backends, kProducts, spans[2]),
                                 user(spans[0]));
  };
  loop.RunUntilComplete(run());
  return spans;
}

std::vector<Span> RunOnLoop(const Backends& backends, async::EventLoop& loop) {
  const auto user = [&](Span& span) -> async::Task<> {
    loop.set_activity(kBlockingCall);
    span = CallAndBlock(backends, kUser);
    span.name = kBlockingCall;
    co_return;
  };
  return RunBeside(loop, backends, user);
}

std::vector<Span> RunInPool(const Backends& backends, async::EventLoop& loop) {
  async::BlockingPool pool({.threads = 1});
  const auto user = [&](Span& span) -> async::Task<> {
    loop.set_activity(kPooledCall);
    // tour: begin
    const auto call = [&] { span = CallAndBlock(backends, kUser); };
    auto in_pool = pool.Run(loop, call);
    const absl::Status ran = co_await in_pool;
    // tour: end
    span.status.Update(ran);
    span.name = kPooledCall;
  };
  return RunBeside(loop, backends, user);
}

// The calls on a held loop, with what the loop could not take in yet.
std::vector<Span> ShowHeldUp(Backends& backends,
                             const std::vector<Span>& calls) {
  std::vector<Span> shown = {calls[0]};
  for (const auto& [section, call] :
       {std::pair(kOrders, calls[1]), std::pair(kProducts, calls[2])}) {
    const std::vector<Span> seen = backends.witness(section).WaitFor(1);
    shown.push_back(call);
    if (seen.empty() || seen[0].end >= call.end) continue;
    shown.back().end = seen[0].end;
    shown.push_back({.name = call.name + ", not taken in yet",
                     .start = seen[0].end,
                     .end = call.end,
                     .in_flight = true});
  }
  return shown;
}

}  // namespace

Report RunBlocking(double scale) {
  Backends backends(scale);
  const Clock::duration limit = std::chrono::duration_cast<Clock::duration>(
      BackendFaults().user.latency * scale / 4);
  async::EventLoop loop;
  Stalls stalls;
  const async::Watchdog watchdog(
      {.limit = limit}, {&loop},
      [&](const async::Stall& stall) { stalls.Add(stall); });
  const std::vector<Span> blocked = RunOnLoop(backends, loop);
  const Clock::duration held = stalls.HeldBy(kBlockingCall);
  const std::vector<Span> held_up = ShowHeldUp(backends, blocked);
  const std::vector<Span> pooled = RunInPool(backends, loop);

  Report report;
  report.Draw(held_up, "on the loop's thread");
  report.Draw(pooled, "in a pool");
  report.Measured("held", held);
  report.Measured("products_blocked", blocked[2].length());
  report.Measured("products_pooled", pooled[2].length());
  report.Says("on the loop, no other answer was taken before it had ended",
              std::min(blocked[1].end, blocked[2].end) >= blocked[0].end);
  report.Says(absl::StrCat("the watchdog saw the loop held for ", Say(held),
                           " by \"", kBlockingCall, "\""),
              held >= limit);
  report.Says("in a pool, answers were taken meanwhile",
              std::min(pooled[1].end, pooled[2].end) < pooled[0].end);
  return report;
}

}  // namespace gather::client::tour
