#include "tests/bench/load/load.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace gather::bench {
namespace {

double Seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

void Poll(std::vector<pollfd>& polled, std::chrono::nanoseconds wait) {
  wait = std::clamp<std::chrono::nanoseconds>(wait, std::chrono::seconds(0),
                                              std::chrono::hours(1));
  const auto seconds = std::chrono::floor<std::chrono::seconds>(wait);
  const timespec timeout{seconds.count(), (wait - seconds).count()};
  ppoll(polled.data(), polled.size(), &timeout, nullptr);
}

}  // namespace

Load::Load(const LoadOptions& options, const Address& address,
           const Question& question, const ProcessClock& process)
    : options_(options),
      question_(question),
      process_(process),
      own_(getpid()) {
  for (int i = 0; i < options_.connections; ++i) {
    connections_.emplace_back(address, question, *this);
  }
}

LoadReport Load::Run() {
  // One call on each connection, so that no measured one waits for a handshake.
  // Where every call is measured, the first ones are, too.
  if (options_.calls == 0) {
    for (Connection& each : connections_) Begin(each, Clock::now());
    Drain();
  }
  started_ = 0;
  if (options_.rate > 0) {
    Open();
  } else {
    Closed();
  }
  return std::move(report_);
}

void Load::Closed() {
  const bool counted = options_.calls > 0;
  const Clock::time_point begin = Clock::now() + options_.warm_up;
  const Clock::time_point end = begin + options_.duration;
  if (counted) StartMeasuring();
  again_ = true;
  auto connection = connections_.begin();
  for (int i = 0; i < options_.in_flight; ++i) {
    if (counted && started_ == options_.calls) break;
    Begin(*connection, Clock::now());
    if (++connection == connections_.end()) connection = connections_.begin();
  }
  if (counted) {
    Drain();
  } else {
    while (Clock::now() < begin) Step(begin);
    StartMeasuring();
    while (Clock::now() < end) Step(end);
  }
  again_ = false;
  StopMeasuring();
}

void Load::Open() {
  const Clock::time_point start = Clock::now();
  const Clock::time_point begin = start + options_.warm_up;
  const Clock::time_point end = begin + options_.duration;
  auto connection = connections_.begin();
  while (true) {
    const Clock::time_point now = Clock::now();
    if (!measuring_ && now >= begin) StartMeasuring();
    Clock::time_point due = Due(start, started_);
    for (; due <= std::min(now, end); due = Due(start, started_)) {
      Begin(*connection, due, /*measured=*/due >= begin);
      if (++connection == connections_.end()) connection = connections_.begin();
    }
    if (now >= end) break;
    Step(std::min(due, measuring_ ? end : begin));
  }
  StopMeasuring();
  Drain();
}

Load::Clock::time_point Load::Due(Clock::time_point start, int64_t call) const {
  const auto since = std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(static_cast<double>(call) / options_.rate));
  if (options_.tick == Clock::duration::zero()) return start + since;
  return start + (since / options_.tick + 1) * options_.tick;
}

void Load::Begin(Connection& connection, Clock::time_point due, bool measured) {
  ++started_;
  ++running_;
  connection.Begin(due, due + options_.timeout, measured);
}

void Load::Drain() {
  while (true) {
    Write();
    if (running_ == 0) return;  // some may have expired just now
    Await(Clock::time_point::max());
  }
}

void Load::Step(Clock::time_point wake) {
  Write();
  Await(wake);
}

void Load::Write() {
  const Clock::time_point now = Clock::now();
  for (Connection& each : connections_) each.Write(now);
}

void Load::Await(Clock::time_point wake) {
  polled_.clear();
  for (const Connection& each : connections_) {
    polled_.push_back(each.Interest());
    wake = std::min(wake, each.NextWrite());
  }
  Poll(polled_, wake - Clock::now());
  auto interest = polled_.begin();
  for (Connection& each : connections_) {
    if ((interest++->revents & ~POLLOUT) != 0) each.Read();
  }
}

void Load::StartMeasuring() {
  measuring_ = true;
  begin_ = Clock::now();
  cpu_begin_ = process_.Now();
  own_begin_ = own_.Now();
}

void Load::StopMeasuring() {
  report_.cpu_seconds = Seconds(process_.Now() - cpu_begin_);
  report_.load_cpu_seconds = Seconds(own_.Now() - own_begin_);
  report_.seconds = Seconds(Clock::now() - begin_);
  measuring_ = false;
}

void Load::OnEnd(Connection& connection, const Connection::Call& call) {
  --running_;
  const Clock::time_point now = Clock::now();
  // Of an open loop also what ends later, or the slowest would not count.
  if (options_.rate > 0 ? call.measured : measuring_) {
    ++report_.calls;
    report_.latencies.push_back(now - call.due);
    absl::StatusCode code = *call.code;
    // What is read after the deadline is late, whenever it was sent.
    if (now > call.deadline) code = absl::StatusCode::kDeadlineExceeded;
    if (code != absl::StatusCode::kOk) {
      ++report_.errors[code];
      if (!call.sent()) ++report_.unsent;
    } else if (!question_.is_right(call.reply())) {
      ++report_.wrong;
    }
  }
  if (again_ && (options_.calls == 0 || started_ < options_.calls)) {
    Begin(connection, Clock::now());
  }
}

}  // namespace gather::bench
