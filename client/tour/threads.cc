// Each call blocks a thread of its own.

#include <thread>
#include <vector>

#include "client/tour/backends.h"
#include "client/tour/calls.h"
#include "client/tour/chapters.h"
#include "client/tour/crowd.h"

namespace gather::client::tour {

Report RunThreads(double scale) {
  std::vector<Span> spans(kSections.size());
  {
    const Backends backends(scale);
    // tour: begin
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < spans.size(); ++i) {
      threads.emplace_back([&backends, &spans, i] {
        spans[i] = CallAndBlock(backends, kSections[i]);
      });
    }
    threads.clear();  // joins, before the backends go
    // tour: end
  }
  Report report;
  SayConcurrent(spans, report);

  const CrowdCost crowd = MeasureThreads(kCrowd);
  report.cost->thousand_bytes = crowd.resident_bytes;
  report.cost->thousand_set_up = crowd.set_up;
  report.lines.push_back(Say("threads", crowd));
  report.Measured("thousand_threads_resident_bytes",
                  static_cast<double>(crowd.resident_bytes));
  report.Measured("thousand_threads_address_bytes",
                  static_cast<double>(crowd.address_bytes));
  report.Measured("thousand_threads_set_up", crowd.set_up);
  report.Says("a thousand threads wait, each with a stack of its own",
              crowd.waiting == kCrowd);
  return report;
}

}  // namespace gather::client::tour
