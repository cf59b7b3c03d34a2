#include "tests/bench/load/load.h"

#include <chrono>
#include <cstddef>
#include <thread>
#include <utility>

#include "server/async/gather.h"
#include "server/async/timer.h"

namespace gather::bench {
namespace {

// More calls that wait than this are not made, and count as failed: a server
// that can't keep up with an open loop would take all memory.
constexpr std::size_t kMaxWaiting = 20'000;

double Seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

LoadReport Load::Run() {
  loop_.RunUntilComplete(Drive());
  return std::move(report_);
}

async::Task<> Load::Drive() {
  // Where every call is measured, the first ones are, too.
  if (options_.calls == 0) co_await Connect();
  if (options_.rate > 0) {
    (void)co_await async::Gather(Open(), Watch());
    (void)co_await calls_.Join();
  } else if (options_.calls > 0) {
    Begin();
    co_await Closed();
    End();
  } else {
    (void)co_await async::Gather(Closed(), Watch());
  }
}

// One call on each connection, so that no measured one waits for a handshake.
async::Task<> Load::Connect() {
  std::vector<async::Task<absl::StatusOr<bool>>> calls;
  for (const auto& connection : connections_) {
    calls.push_back(
        connection->Ask(loop_, Clock::now() + options_.timeout, {}));
  }
  (void)co_await async::Gather(std::move(calls));
}

async::Task<> Load::Closed() {
  std::vector<async::Task<>> workers;
  for (int i = 0; i < options_.in_flight; ++i) {
    workers.push_back(Worker(*connections_[i % connections_.size()]));
  }
  (void)co_await async::Gather(std::move(workers));
}

async::Task<> Load::Worker(Asker& connection) {
  while (!over_ && (options_.calls == 0 || started_ < options_.calls)) {
    ++started_;
    const Clock::time_point start = Clock::now();
    const absl::StatusOr<bool> outcome = co_await connection.Ask(
        loop_, start + options_.timeout, stop_.get_token());
    if (measuring_) Record(start, outcome);
  }
}

async::Task<> Load::Open() {
  const Clock::time_point start = Clock::now();
  Clock::time_point last = start;
  while (!over_) {
    const Clock::time_point due = Due(start, started_);
    if (Clock::now() < due) {
      co_await SleepTo(due);
    } else if (due != last) {
      co_await loop_.Yield();  // behind: answers come first all the same
    }
    last = due;
    Asker& connection = *connections_[started_ % connections_.size()];
    ++started_;
    if (Clock::now() >= due + options_.timeout) {
      // Nobody would wait for it any more. To make it all the same would keep
      // this end behind for ever.
      if (measuring_) Record(due, absl::DeadlineExceededError("not begun"));
    } else if (calls_.running() < kMaxWaiting) {
      calls_.Spawn(Late(connection, due));
    } else if (measuring_) {
      Record(due, absl::ResourceExhaustedError("too many calls wait"));
    }
  }
}

Load::Clock::time_point Load::Due(Clock::time_point start, int64_t call) const {
  const auto since = std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(static_cast<double>(call) / options_.rate));
  if (options_.tick == Clock::duration::zero()) return start + since;
  return start + (since / options_.tick + 1) * options_.tick;
}

async::Task<> Load::SleepTo(Clock::time_point due) {
  if (options_.tick == Clock::duration::zero()) {
    auto sleep =
        sleeper_.Run(loop_, [due] { std::this_thread::sleep_until(due); });
    (void)co_await sleep;
  } else {
    async::SleepUntil sleep(loop_, due);
    (void)co_await sleep;
  }
}

async::Task<> Load::Late(Asker& connection, Clock::time_point due) {
  const bool measured = measuring_;
  const absl::StatusOr<bool> outcome =
      co_await connection.Ask(loop_, due + options_.timeout, std::stop_token());
  // Also where the time is up by now, or the slowest would not count.
  if (measured) Record(due, outcome);
}

async::Task<> Load::Watch() {
  async::SleepUntil warm_up = async::SleepFor(loop_, options_.warm_up);
  (void)co_await warm_up;
  Begin();
  async::SleepUntil rest = async::SleepFor(loop_, options_.duration);
  (void)co_await rest;
  End();
}

void Load::Begin() {
  measuring_ = true;
  begin_ = Clock::now();
  cpu_begin_ = process_.Now();
}

void Load::End() {
  report_.cpu_seconds = Seconds(process_.Now() - cpu_begin_);
  report_.seconds = Seconds(Clock::now() - begin_);
  measuring_ = false;
  over_ = true;
  stop_.request_stop();
}

void Load::Record(Clock::time_point due, const absl::StatusOr<bool>& outcome) {
  ++report_.calls;
  report_.latencies.push_back(Clock::now() - due);
  if (!outcome.ok()) {
    ++report_.errors[outcome.status().code()];
  } else if (!*outcome) {
    ++report_.wrong;
  }
}

}  // namespace gather::bench
