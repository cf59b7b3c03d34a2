// Each call in a program of its own: gatherctl overview, three times.

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/tour/backends.h"
#include "client/tour/chapters.h"
#include "client/tour/child.h"

namespace gather::client::tour {
namespace {

std::vector<Ran> RunThree(const std::string& server) {
  std::vector<Ran> ran(kSections.size());
  // tour: begin
  std::vector<std::jthread> waiters;
  for (std::size_t i = 0; i < ran.size(); ++i) {
    waiters.emplace_back([&ran, &server, i] {
      const std::string& section = SectionName(kSections[i]);
      ran[i] =
          RunSelf("gatherctl", {"overview", kUserId, "--timeout=100s",
                                "--sections=" + section,
                                "--required=" + section, "--server=" + server});
      ran[i].span.name = section;
    });
  }
  waiters.clear();  // joins
  // tour: end
  return ran;
}

// From the start to the end of a thread that does nothing: the shortest of
// some, since a busy machine may keep any one of them waiting.
Clock::duration StartThread() {
  Clock::duration shortest = Clock::duration::max();
  for (int i = 0; i < 20; ++i) {
    const Clock::time_point start = Clock::now();
    {
      const std::jthread nothing([] {});
    }
    shortest = std::min(shortest, Clock::now() - start);
  }
  return shortest;
}

}  // namespace

Report RunProcesses(double scale) {
  const Backends backends(scale);
  const Aggregator aggregator(backends);
  const std::vector<Ran> three = RunThree(aggregator.address());
  std::vector<Span> spans;
  for (const Ran& ran : three) spans.push_back(ran.span);
  Report report;
  SayConcurrent(spans, report);

  const Ran program = RunSelf("gatherctl", {"--version"});
  const Clock::duration thread = StartThread();
  const double megabytes =
      static_cast<double>(program.peak_resident_bytes) / (1 << 20);
  report.cost->thousand_bytes = 1000 * program.peak_resident_bytes;
  report.lines.push_back(absl::StrFormat(
      "starting a process: %s, of which %s on the CPU, and %.1f MB of memory; "
      "a thread: %s",
      Say(program.span.length()), Say(program.cpu_time), megabytes,
      Say(thread)));
  report.Measured("process_start", program.span.length());
  report.Measured("process_start_cpu", program.cpu_time);
  report.Measured("process_peak_resident_bytes",
                  static_cast<double>(program.peak_resident_bytes));
  report.Measured("thread_start", thread);
  report.Says("a process costs more to start than a thread",
              program.span.status.ok() && program.span.length() > thread);
  return report;
}

}  // namespace gather::client::tour
