// An answer that outlives the backend that it came from.

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/format.h"
#include "client/row.h"
#include "client/tour/backends.h"
#include "client/tour/calls.h"
#include "client/tour/chapters.h"
#include "server/async/event_loop.h"

namespace gather::client::tour {
namespace {

// An answer from while all is well, and one from after.
struct Answers {
  absl::StatusOr<Overview> fresh;
  absl::StatusOr<Overview> stale;
};

Answers AskBeforeAndAfter(Backends& backends) {
  // tour: begin
  fanout::PolicySettings policy;
  policy.stale_answers.enabled = true;  // "staleAnswers" in --policies
  const Aggregator aggregator(backends, policy);
  async::EventLoop loop;
  auto fresh = loop.RunUntilComplete(AskOverview(loop, aggregator));
  backends.Stop(kOrders);
  auto stale = loop.RunUntilComplete(AskOverview(loop, aggregator));
  // tour: end
  return {std::move(fresh), std::move(stale)};
}

void Draw(const std::string& title, const Overview& answer, Report& report) {
  std::vector<Row> rows = MakeRows(answer);
  std::erase_if(rows, [](const Row& row) {
    return row.outcome == Outcome::kNotRequested;
  });
  report.timelines.push_back(
      {title, std::move(rows), FromProto(answer.timing().duration())});
}

}  // namespace

Report RunStale(double scale) {
  Backends backends(scale);
  const auto [fresh, stale] = AskBeforeAndAfter(backends);
  Report report;
  if (!fresh.ok() || !stale.ok()) {
    report.Says("both answers came", false);
    return report;
  }
  Draw("while its backend is there", *fresh, report);
  Draw("after it went", *stale, report);
  const auto& status = stale->orders().status();
  const absl::Duration age = FromProto(status.age());
  report.Measured("age", absl::ToChronoNanoseconds(age));
  report.Says("the first answer is whole", fresh->complete());
  report.Says(
      absl::StrCat("the orders are those of ", FormatTime(age),
                   " before, and say so: ", status.reason()),
      status.state() == fanout::v1::SECTION_STATE_STALE &&
          age > absl::ZeroDuration() &&
          stale->orders().orders_size() == fresh->orders().orders_size());
  report.Says("the other sections are fresh, and the answer is not complete",
              stale->user().status().state() == fanout::v1::SECTION_STATE_OK &&
                  !stale->complete());
  return report;
}

}  // namespace gather::client::tour
