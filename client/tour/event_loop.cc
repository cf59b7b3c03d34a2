// Three coroutines on this thread's loop, gathered: asyncio.gather.

#include "server/async/event_loop.h"

#include <vector>

#include "client/tour/backends.h"
#include "client/tour/calls.h"
#include "client/tour/chapters.h"
#include "client/tour/crowd.h"

namespace gather::client::tour {

Report RunEventLoop(double scale) {
  Report report;
  {
    const Backends backends(scale);
    async::EventLoop loop;
    SayConcurrent(GatherOnLoop(loop, backends), report);
  }
  // The threads come second, when they find memory that is in use already:
  // what is said of the difference is then rather too little.
  const CrowdCost coroutines = MeasureCoroutines(kCrowd);
  const CrowdCost threads = MeasureThreads(kCrowd);
  report.cost->thousand_bytes = coroutines.resident_bytes;
  report.cost->thousand_set_up = coroutines.set_up;
  report.lines.push_back(Say("coroutines", coroutines));
  report.lines.push_back(Say("threads", threads));
  report.Measured("thousand_coroutines_resident_bytes",
                  static_cast<double>(coroutines.resident_bytes));
  report.Measured("thousand_coroutines_address_bytes",
                  static_cast<double>(coroutines.address_bytes));
  report.Measured("thousand_coroutines_set_up", coroutines.set_up);
  report.Measured("thousand_threads_resident_bytes",
                  static_cast<double>(threads.resident_bytes));
  report.Says("a thousand coroutines wait, all on one thread",
              coroutines.waiting == kCrowd);
  report.Says("they take less memory than as many threads",
              coroutines.resident_bytes < threads.resident_bytes &&
                  coroutines.address_bytes < threads.address_bytes);
  return report;
}

}  // namespace gather::client::tour
