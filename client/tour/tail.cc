// Calls to a backend of which one in twenty is slow, without and with hedges.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/tour/backends.h"
#include "client/tour/calls.h"
#include "client/tour/chapters.h"
#include "server/async/event_loop.h"
#include "server/async/first_of.h"
#include "server/async/timer.h"

namespace gather::client::tour {
namespace {

constexpr int kCalls = 100;
constexpr int kSlowEvery = 20;

// tour: begin
// A second call joins the first where that takes longer than most do. The first
// answer of the two counts, and the other call is cancelled.
async::Task<> HedgedCall(async::EventLoop& loop, const Backends& backends,
                         Clock::duration delay, int& hedges) {
  std::stop_source stop;
  const auto hedge = [&]() -> async::Task<absl::Status> {
    auto pause = async::SleepFor(loop, delay, stop.get_token());
    const absl::Status paused = co_await pause;
    if (!paused.ok()) co_return paused;
    ++hedges;
    auto call = Call(loop, backends, kOrders, stop.get_token());
    co_return co_await std::move(call);
  };
  auto both = async::FirstSuccess(
      stop, Call(loop, backends, kOrders, stop.get_token()), hedge());
  (void)co_await both;
}
// tour: end

// How long each of the calls took, in rising order.
using Latencies = std::vector<Clock::duration>;

Clock::duration Percentile(const Latencies& latencies, std::size_t percent) {
  return latencies[(latencies.size() - 1) * percent / 100];
}

// One after the other, so that none waits for another's.
Latencies Take(double scale, Clock::duration delay, int& hedges) {
  BackendFaults faults;
  faults.orders = {.latency = std::chrono::milliseconds(10),
                   .slow_every = kSlowEvery,
                   .slow_latency = std::chrono::milliseconds(400)};
  const Backends backends(scale, faults);
  async::EventLoop loop;
  Latencies latencies;
  const auto run = [&]() -> async::Task<> {
    for (int i = 0; i < kCalls; ++i) {
      const Clock::time_point start = Clock::now();
      auto call = HedgedCall(loop, backends, delay, hedges);
      co_await std::move(call);
      latencies.push_back(Clock::now() - start);
    }
  };
  loop.RunUntilComplete(run());
  std::sort(latencies.begin(), latencies.end());
  return latencies;
}

Row BarOf(const std::string& name, Clock::duration took) {
  Row row;
  row.name = name;
  row.outcome = Outcome::kOk;
  row.called = true;
  row.duration = absl::FromChrono(took);
  return row;
}

}  // namespace

Report RunTail(double scale) {
  int hedges = 0;
  const Latencies plain = Take(scale, kPatience, hedges);
  // Most take about as long as the one in the middle.
  const Clock::duration delay = 3 * Percentile(plain, 50);
  const Latencies hedged = Take(scale, delay, hedges);

  Report report;
  report.timelines.push_back({"",
                              {BarOf("median", Percentile(plain, 50)),
                               BarOf("p99", Percentile(plain, 99)),
                               BarOf("median, hedged", Percentile(hedged, 50)),
                               BarOf("p99, hedged", Percentile(hedged, 99))},
                              absl::FromChrono(plain.back())});
  report.Measured("p50", Percentile(plain, 50));
  report.Measured("p99", Percentile(plain, 99));
  report.Measured("hedged_p50", Percentile(hedged, 50));
  report.Measured("hedged_p99", Percentile(hedged, 99));
  report.Measured("hedges", static_cast<double>(hedges));
  report.Says(
      absl::StrCat("one call in ", kSlowEvery, " makes the tail: median ",
                   Say(Percentile(plain, 50)), ", 99th percentile ",
                   Say(Percentile(plain, 99))),
      Percentile(plain, 99) > 3 * Percentile(plain, 50));
  report.Says(
      absl::StrCat("a second call after ", Say(delay),
                   " cuts it: 99th percentile ", Say(Percentile(hedged, 99))),
      Percentile(hedged, 99) < Percentile(plain, 99) / 2);
  report.Says(absl::StrCat("that took ", hedges, " calls more, of ", kCalls),
              hedges >= kCalls / kSlowEvery && hedges <= kCalls / 5);
  return report;
}

}  // namespace gather::client::tour
