// A sum in a loop, three times: on the event loop, on threads, over processes.

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/tour/backends.h"
#include "client/tour/calls.h"
#include "client/tour/chapters.h"
#include "client/tour/child.h"
#include "client/tour/sum.h"
#include "server/async/blocking_pool.h"
#include "server/async/event_loop.h"
#include "server/async/gather.h"

namespace gather::client::tour {
namespace {

constexpr int kMaxParts = 4;
constexpr int kRounds = 30;

int Cores() {
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof(cores), &cores) != 0) return 1;
  return std::clamp(CPU_COUNT(&cores), 1, kMaxParts);
}

BackendFaults NoLatency() { return {.user = {}, .orders = {}, .products = {}}; }

// What this thread has had of a CPU.
std::chrono::nanoseconds ThreadTime() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) +
         std::chrono::nanoseconds(time.tv_nsec);
}

// So many steps that they take one thread about `duration` of a CPU, however
// busy the machine is.
int64_t StepsFor(Clock::duration duration) {
  constexpr int64_t kTrial = 2'000'000;
  const auto start = ThreadTime();
  volatile uint64_t sum = SumOf(0, kTrial);  // used, so that it is computed
  (void)sum;
  const std::chrono::duration<double> took = ThreadTime() - start;
  return static_cast<int64_t>(kTrial * (duration / took)) + 1;
}

// Sums up on some threads, and proves that they run at the same time: a thread
// that saw another move on, while it did not leave its core itself, had the
// other at work on another core. Wall time proves less: on a busy machine two
// threads may get no more of it than one.
class ParallelSum {
 public:
  uint64_t operator()(int part, int64_t first, int64_t last) {
    constexpr int64_t kChunk = 10'000;
    uint64_t sum = 0;
    while (first < last) {
      const int64_t end = std::min(first + kChunk, last);
      const int64_t switches = Switches();
      const int64_t others = ProgressOfOthers(part);
      sum += SumOf(first, end);
      const bool others_moved = ProgressOfOthers(part) != others;
      if (others_moved && Switches() == switches) ++witnessed_;
      ++progress_[part];
      first = end;
    }
    return sum;
  }

  // Chunks during which two threads ran at the same time.
  int64_t witnessed() const { return witnessed_; }

 private:
  // How often this thread has left its core.
  static int64_t Switches() {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw + usage.ru_nivcsw;
  }

  int64_t ProgressOfOthers(int part) const {
    int64_t sum = 0;
    for (int i = 0; i < kMaxParts; ++i) {
      if (i != part) sum += progress_[i];
    }
    return sum;
  }

  std::array<std::atomic<int64_t>, kMaxParts> progress_{};
  std::atomic<int64_t> witnessed_{0};
};

// One way to sum up, with a call to a backend that answers at once beside it.
struct Way {
  Span sum;
  Span call;
  uint64_t result = 0;

  bool call_waited() const { return call.end >= sum.end; }
};

template <typename Work>
Way RunWay(const Backends& backends, async::EventLoop& loop, Work work) {
  Way way;
  const auto sum = [&]() -> async::Task<> {
    way.sum.start = Clock::now();
    way.result = co_await work();
    way.sum.end = Clock::now();
  };
  const auto run = [&]() -> async::Task<> {
    (void)co_await async::Gather(Measure(loop, backends, kUser, way.call),
                                 sum());
  };
  loop.RunUntilComplete(run());
  return way;
}

Way OnTheLoop(const Backends& backends, int64_t steps) {
  async::EventLoop loop;
  const auto work = [&]() -> async::Task<uint64_t> {
    co_return SumOf(0, steps);
  };
  return RunWay(backends, loop, work);
}

// In `parts` at once, each by `sum(part, first, last)` on a thread of a pool.
template <typename Sum>
Way InParts(const Backends& backends, int64_t steps, int parts, Sum& sum) {
  async::EventLoop loop;
  async::BlockingPool pool({.threads = static_cast<std::size_t>(parts)});
  // tour: begin
  const auto part = [&](int index) -> async::Task<absl::StatusOr<uint64_t>> {
    const int64_t first = steps * index / parts;
    const int64_t last = steps * (index + 1) / parts;
    const auto compute = [&sum, index, first, last] {
      return sum(index, first, last);
    };
    auto in_pool = pool.Run(loop, compute);
    co_return co_await in_pool;
  };
  // tour: end
  const auto work = [&]() -> async::Task<uint64_t> {
    std::vector<async::Task<absl::StatusOr<uint64_t>>> tasks;
    for (int i = 0; i < parts; ++i) tasks.push_back(part(i));
    uint64_t total = 0;
    const auto sums = co_await async::Gather(std::move(tasks));
    for (const auto& each : sums) total += each.value_or(0);
    co_return total;
  };
  return RunWay(backends, loop, work);
}

uint64_t SumInProcess(int, int64_t first, int64_t last) {
  const Ran ran =
      RunSelf("gatherctl", {"tour", absl::StrCat("--sum=", first, ",", last)});
  uint64_t sum = 0;
  return absl::SimpleAtoi(ran.output, &sum) ? sum : 0;
}

void Show(const char* where, const Way& way, Report& report) {
  report.lines.push_back(absl::StrCat(where, ": ", Say(way.sum.length()),
                                      "; a call beside it took ",
                                      Say(way.call.length())));
}

// The three sums from one start, how much faster the second is, and what a lock
// that lets one thread run at a time would have made of it.
void SaySpeedUp(const Way& loop, const Way& threads, const Way& processes,
                int parts, Report& report) {
  std::vector<Span> spans = {loop.sum, threads.sum, processes.sum};
  const char* const names[] = {"on the loop", "on threads", "over processes"};
  for (std::size_t i = 0; i < spans.size(); ++i) {
    spans[i].name = names[i];
    spans[i].end = loop.sum.start + spans[i].length();
    spans[i].start = loop.sum.start;
  }
  report.Draw(spans);
  const double speed_up = static_cast<double>(loop.sum.length().count()) /
                          static_cast<double>(threads.sum.length().count());
  report.Measured("threads_speed_up", speed_up);
  report.lines.push_back(absl::StrFormat(
      "%d threads were %.1f times as fast as one; under a global lock, such as "
      "CPython's GIL, they would have been 1.0 times as fast",
      parts, speed_up));
  if (parts > 1 && speed_up < 1.2) {
    report.lines.push_back(
        "that is no speed-up: others use the cores at this time");
  }
}

}  // namespace

Report RunCpuWork(double scale) {
  const Backends backends(1, NoLatency());
  const int parts = Cores();
  const int64_t steps = StepsFor(std::chrono::duration_cast<Clock::duration>(
      std::chrono::seconds(1) * std::max(scale, 0.2)));
  const Way loop = OnTheLoop(backends, steps);
  ParallelSum parallel_sum;
  Way threads;
  // Where much else runs, both may find themselves on one core for some rounds.
  for (int round = 0; round < kRounds; ++round) {
    threads = InParts(backends, steps, parts, parallel_sum);
    if (parts == 1 || parallel_sum.witnessed() > 0) break;
  }
  const Way processes = InParts(backends, steps, parts, SumInProcess);

  Report report;
  Show("on the event loop", loop, report);
  Show(absl::StrCat("on ", parts, " threads").c_str(), threads, report);
  Show(absl::StrCat("over ", parts, " processes").c_str(), processes, report);
  SaySpeedUp(loop, threads, processes, parts, report);
  report.Measured("loop", loop.sum.length());
  report.Measured("threads", threads.sum.length());
  report.Measured("processes", processes.sum.length());
  report.Measured("cores", parts);
  report.Says("all three came to the same sum",
              loop.result == threads.result && loop.result == processes.result);
  report.Says("on the loop, the call's answer had to wait for the sum",
              loop.call_waited());
  report.Says("on threads and over processes, it had not",
              !threads.call_waited() && !processes.call_waited());
  if (parts > 1) {
    report.Says(
        absl::StrCat("threads ran in parallel, at ", parallel_sum.witnessed(),
                     " of the moments looked at: C++ has no global lock"),
        parallel_sum.witnessed() > 0);
    report.Measured("parallel_moments",
                    static_cast<double>(parallel_sum.witnessed()));
  } else {
    report.lines.push_back("one core: nothing can run in parallel here");
  }
  return report;
}

}  // namespace gather::client::tour
