// The first answer of several: asyncio.wait(FIRST_COMPLETED).

#include "server/async/first_of.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <stop_token>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/tour/backends.h"
#include "client/tour/calls.h"
#include "client/tour/chapters.h"
#include "server/async/event_loop.h"

namespace gather::client::tour {
namespace {

// Which of the three was first.
std::optional<std::size_t> Race(async::EventLoop& loop,
                                const Backends& backends) {
  std::optional<std::size_t> winner;
  // tour: begin
  const auto run = [&]() -> async::Task<> {
    std::stop_source cancel;
    const auto call = [&](Section section) {
      return Call(loop, backends, section, cancel.get_token());
    };
    auto race = async::FirstSuccess(cancel, call(kUser), call(kOrders),
                                    call(kProducts));
    const async::FirstOf<absl::Status> first = co_await race;
    winner = first.winner;
  };
  loop.RunUntilComplete(run());
  // tour: end
  return winner;
}

}  // namespace

Report RunFirstOf(double scale) {
  Backends backends(scale);
  async::EventLoop loop;
  Span race{.name = "first of three", .start = Clock::now()};
  const std::optional<std::size_t> winner = Race(loop, backends);
  race.end = Clock::now();

  // As the backends saw it.
  std::vector<Span> spans = {race};
  for (const Section section : kSections) {
    Span span;
    span.status = absl::UnknownError("not seen");
    for (const Span& seen : backends.witness(section).WaitFor(1)) span = seen;
    span.name = SectionName(section);
    spans.push_back(span);
  }
  const auto longest = std::chrono::duration_cast<Clock::duration>(
      BackendFaults().user.latency * scale);
  Report report;
  report.Draw(spans, "", absl::FromChrono(longest));
  report.Measured("total", race.length());
  report.Says("the fastest answered for all",
              winner == kProducts && spans[1 + kProducts].status.ok());
  report.Says(
      "the other two were cancelled, and their backends saw it",
      absl::IsCancelled(spans[1].status) && absl::IsCancelled(spans[2].status));
  report.Says(absl::StrCat("that took ", Say(race.length()), " instead of ",
                           Say(longest)),
              race.length() < longest);
  return report;
}

}  // namespace gather::client::tour
