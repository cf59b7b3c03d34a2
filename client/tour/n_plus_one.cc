// A call an item against one batch of them.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/tour/backends.h"
#include "client/tour/calls.h"
#include "client/tour/chapters.h"
#include "server/aggregator/sections/purchases.h"
#include "server/async/event_loop.h"
#include "server/async/for_each.h"
#include "server/backends/generated.h"

namespace gather::client::tour {
namespace {

using aggregator::Purchases;

constexpr std::size_t kAtOnce = 4;

// A way to get all products: in batches of that size, so many at a time.
struct Way {
  const char* name;
  int batch;
  std::size_t at_once;
};

std::vector<Purchases::Request> RequestsOf(const Way& way) {
  std::vector<Purchases::Request> requests;
  for (const auto& product : backends::GeneratedCatalogue()) {
    if (requests.empty() || requests.back().ids_size() == way.batch) {
      requests.emplace_back();
    }
    requests.back().add_ids(product.id());
  }
  return requests;
}

Span Take(const Way& way, const Backends& backends, async::EventLoop& loop) {
  Span span{.name = way.name, .start = Clock::now()};
  // tour: begin
  const auto run = [&]() -> async::Task<> {
    const auto call = [&](const Purchases::Request& request) {
      return Ask<Purchases>(loop, backends.channel(kProducts), request);
    };
    const auto replies =
        co_await async::ForEach(RequestsOf(way), way.at_once, call);
    for (const auto& reply : replies) span.status.Update(reply.status());
  };
  loop.RunUntilComplete(run());
  // tour: end
  span.end = Clock::now();
  return span;
}

}  // namespace

Report RunNPlusOne(double scale) {
  BackendFaults faults;
  faults.products.latency = std::chrono::milliseconds(250);
  Backends backends(scale, faults);
  async::EventLoop loop;
  const int items = static_cast<int>(backends::GeneratedCatalogue().size());
  const Way ways[] = {{"one by one", 1, 1},
                      {"four at once", 1, kAtOnce},
                      {"in a batch", items, 1}};
  Report report;
  SvgPanel& timeline = report.timelines.emplace_back();
  std::vector<Clock::duration> took;
  std::size_t calls = 0;
  bool answered = true;
  for (const Way& way : ways) {
    const Span span = Take(way, backends, loop);
    answered = answered && span.status.ok();
    const std::size_t made = RequestsOf(way).size();
    calls += made;
    took.push_back(span.length());
    timeline.total = std::max(timeline.total, absl::FromChrono(span.length()));
    Row& row = timeline.rows.emplace_back();
    row.name = way.name;
    row.outcome = span.status.ok() ? Outcome::kOk : Outcome::kFailed;
    row.called = true;
    row.duration = absl::FromChrono(span.length());
    row.summary = absl::StrCat(made, made == 1 ? " call" : " calls");
  }
  report.Measured("one_by_one", took[0]);
  report.Measured("four_at_once", took[1]);
  report.Measured("batch", took[2]);
  report.Says(
      absl::StrCat("all ", items, " products came each time, in ", calls,
                   " calls by the backend's count"),
      answered && backends.witness(kProducts).WaitFor(calls).size() == calls);
  report.Says(absl::StrCat("a call an item waits for each: ", Say(took[0]),
                           "; four at a time, ", Say(took[1])),
              took[1] < took[0] / 2);
  report.Says(absl::StrCat("a batch takes the time of one call, ", Say(took[2]),
                           ", and the backend has one to serve"),
              took[2] < took[1]);
  return report;
}

}  // namespace gather::client::tour
