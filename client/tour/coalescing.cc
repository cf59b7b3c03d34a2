// A crowd that asks the same at the same time: one call for all of them.

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/tour/backends.h"
#include "client/tour/calls.h"
#include "client/tour/chapters.h"
#include "server/async/event_loop.h"
#include "server/async/for_each.h"

namespace gather::client::tour {
namespace {

constexpr std::size_t kCallers = 100;

using Answers = std::vector<absl::StatusOr<Overview>>;

Answers AskAllAtOnce(const Backends& backends) {
  Answers answers;
  // tour: begin
  fanout::PolicySettings policy;
  policy.coalescing.enabled = true;  // "coalescing" in --policies
  const Aggregator aggregator(backends, policy);
  async::EventLoop loop;
  const auto run = [&]() -> async::Task<> {
    const auto ask = [&](int) { return AskOverview(loop, aggregator); };
    answers =
        co_await async::ForEach(std::vector<int>(kCallers), kCallers, ask);
  };
  loop.RunUntilComplete(run());
  // tour: end
  return answers;
}

}  // namespace

Report RunCoalescing(double scale) {
  Backends backends(scale);
  Span crowd{.name = absl::StrCat(kCallers, " callers"), .start = Clock::now()};
  const Answers answers = AskAllAtOnce(backends);
  crowd.end = Clock::now();

  std::size_t whole = 0;
  std::size_t shared = 0;
  for (const auto& answer : answers) {
    if (!answer.ok()) continue;
    whole += answer->complete() ? 1 : 0;
    shared += answer->user().status().coalesced() ? 1 : 0;
  }
  std::vector<Span> spans = {crowd};
  std::size_t calls = 0;
  for (const Section section : kSections) {
    for (Span seen : backends.witness(section).WaitFor(1)) {
      ++calls;
      seen.name = SectionName(section);
      spans.push_back(seen);
    }
  }
  Report report;
  report.Draw(spans);
  report.Measured("total", crowd.length());
  report.Measured("backend_calls", static_cast<double>(calls));
  report.Says(absl::StrCat(whole, " of ", kCallers, " callers have all"),
              whole == kCallers);
  report.Says(
      absl::StrCat("each backend had one call: ", calls, " in all, where ",
                   kCallers * kSections.size(), " were asked for"),
      calls == kSections.size());
  report.Says(absl::StrCat(shared, " callers were answered from another's"),
              shared == kCallers - 1);
  return report;
}

}  // namespace gather::client::tour
