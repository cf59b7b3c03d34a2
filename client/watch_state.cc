#include "client/watch_state.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/format.h"
#include "client/row.h"
#include "client/waterfall.h"
#include "gather/aggregator/v1/aggregator.pb.h"

namespace gather::client {
namespace {

using gather::aggregator::v1::StreamOverviewRequest;
using gather::aggregator::v1::StreamOverviewResponse;

// A live axis has room for what is still to come, and only now and then a new
// scale, so that bars grow instead of shrinking.
absl::Duration LiveAxis(absl::Duration elapsed) {
  absl::Duration axis = absl::Milliseconds(500);
  while (axis < elapsed * 1.05) axis *= 2;
  return axis;
}

}  // namespace

WatchState::WatchState(const StreamOverviewRequest& request) {
  const auto& paths = request.read_mask().paths();
  const auto skip = [&](const char* name, auto mutable_section) {
    if (paths.empty() ||
        std::find(paths.begin(), paths.end(), name) != paths.end()) {
      return;
    }
    (overview_.*mutable_section)()->mutable_status()->set_state(
        gather::aggregator::v1::SECTION_STATE_NOT_REQUESTED);
  };
  using Overview = gather::aggregator::v1::GetOverviewResponse;
  skip("user", &Overview::mutable_user);
  skip("orders", &Overview::mutable_orders);
  skip("products", &Overview::mutable_products);
}

void WatchState::Add(const StreamOverviewResponse& part) {
  if (!part.has_summary()) ++landed_;
  switch (part.part_case()) {
    case StreamOverviewResponse::kUser:
      *overview_.mutable_user() = part.user();
      break;
    case StreamOverviewResponse::kOrders:
      *overview_.mutable_orders() = part.orders();
      break;
    case StreamOverviewResponse::kProducts:
      *overview_.mutable_products() = part.products();
      break;
    case StreamOverviewResponse::kSummary:
      overview_.set_complete(part.summary().complete());
      *overview_.mutable_timing() = part.summary().timing();
      finished_ = true;
      break;
    case StreamOverviewResponse::PART_NOT_SET:
      break;  // Something newer than this client.
  }
}

std::string WatchState::RenderFrame(absl::Duration elapsed,
                                    const WaterfallOptions& options) const {
  WaterfallOptions live = options;
  live.one_line = true;
  std::vector<Row> rows = MakeRows(overview_, "");
  for (Row& row : rows) {
    if (row.outcome != Outcome::kAbsent) continue;
    row.outcome = Outcome::kInFlight;
    row.called = true;
    row.duration = elapsed;
  }
  return RenderRows(rows, LiveAxis(elapsed), live);
}

std::string WatchState::RenderEnd(const WaterfallOptions& options) const {
  return RenderWaterfall(overview_, options);
}

std::string WatchState::RenderPart(const StreamOverviewResponse& part,
                                   const WaterfallOptions& options) const {
  const std::vector<Row> rows = MakeRows(overview_, options.absent);
  switch (part.part_case()) {
    case StreamOverviewResponse::kUser:
      return RenderLine(rows[0], options);
    case StreamOverviewResponse::kOrders:
      return RenderLine(rows[1], options);
    case StreamOverviewResponse::kProducts:
      return RenderLine(rows[2], options);
    case StreamOverviewResponse::kSummary:
      return RenderTotal(rows, overview_.timing());
    case StreamOverviewResponse::PART_NOT_SET:
      break;
  }
  return "";
}

}  // namespace gather::client
