// Work that nobody awaits, in a scope that does.

#include <vector>

#include "absl/strings/str_cat.h"
#include "client/tour/backends.h"
#include "client/tour/calls.h"
#include "client/tour/chapters.h"
#include "server/async/event_loop.h"
#include "server/async/task_scope.h"

namespace gather::client::tour {

Report RunFireAndForget(double scale) {
  const Backends backends(scale);
  async::EventLoop loop;
  std::vector<Span> spans(kSections.size());
  Span spawning{.name = "spawn"};
  Span shutdown{.name = "shutdown"};
  bool late_task_was_taken = true;
  std::size_t running = 0;
  const auto run = [&]() -> async::Task<> {
    // tour: begin
    async::TaskScope scope;
    spawning.start = Clock::now();
    for (std::size_t i = 0; i < spans.size(); ++i) {
      scope.Spawn(Measure(loop, backends, kSections[i], spans[i]));
    }
    spawning.end = shutdown.start = Clock::now();
    scope.Close();
    Span late;
    late_task_was_taken =
        scope.Spawn(Measure(loop, backends, kSections[0], late));
    running = scope.running();
    shutdown.status = co_await scope.Join();
    shutdown.end = Clock::now();
    // tour: end
  };
  loop.RunUntilComplete(run());

  Report report;
  std::vector<Span> all = spans;
  all.push_back(shutdown);
  report.Draw(all);
  report.Measured("spawning", spawning.length());
  report.Measured("shutdown", shutdown.length());
  report.Says(absl::StrCat("spawning returned after ", Say(spawning.length()),
                           ", with all three still running"),
              running == spans.size());
  bool all_ended = shutdown.status.ok();
  for (const Span& span : spans) {
    all_ended = all_ended && span.status.ok() && span.end <= shutdown.end &&
                span.end > spawning.end;
  }
  report.Says("shutdown waited until the last of them was answered", all_ended);
  report.Says("once it had begun, new work was refused", !late_task_was_taken);
  return report;
}

}  // namespace gather::client::tour
