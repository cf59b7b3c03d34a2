#include "client/watch_state.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "client/answer.h"
#include "client/row.h"
#include "client/waterfall.h"
#include "gather/fanout/v1/fanout.pb.h"

namespace gather::client {
namespace {

using fanout::v1::FanOutTiming;
using google::protobuf::Message;

// A live axis has room for what is still to come, and only now and then a new
// scale, so that bars grow instead of shrinking.
absl::Duration LiveAxis(absl::Duration elapsed) {
  absl::Duration axis = absl::Milliseconds(500);
  while (axis < elapsed * 1.05) axis *= 2;
  return axis;
}

}  // namespace

WatchState::WatchState(const google::protobuf::Descriptor& part,
                       const google::protobuf::FieldMask& read_mask)
    : by_default_(read_mask.paths().empty()) {
  const auto& paths = read_mask.paths();
  for (const std::string& name : SectionNames(part)) {
    const bool requested =
        paths.empty() ||
        std::find(paths.begin(), paths.end(), name) != paths.end();
    rows_.push_back(requested ? AbsentRow(name, "") : NotRequestedRow(name));
  }
}

void WatchState::Add(const Message& part) {
  if (auto summary = FanOutSummaryOf(part)) {
    summary_ = std::move(summary);
    // All that the server has by default has landed.
    for (Row& row : rows_) {
      if (!by_default_ || row.outcome != Outcome::kAbsent) continue;
      row = NotRequestedRow(row.name);
    }
  }
  for (Row& row : MakeRowsOfPresent(part)) {
    ++landed_;
    const auto known =
        std::find_if(rows_.begin(), rows_.end(),
                     [&](const Row& each) { return each.name == row.name; });
    if (known == rows_.end()) {
      rows_.push_back(std::move(row));
    } else {
      *known = std::move(row);
    }
  }
}

std::string WatchState::RenderFrame(absl::Duration elapsed,
                                    const WaterfallOptions& options) const {
  WaterfallOptions live = options;
  live.one_line = true;
  std::vector<Row> rows = rows_;
  for (Row& row : rows) {
    if (row.outcome != Outcome::kAbsent) continue;
    row.outcome = Outcome::kInFlight;
    row.called = true;
    row.duration = elapsed;
  }
  return RenderRows(rows, LiveAxis(elapsed), live);
}

std::string WatchState::RenderEnd(const WaterfallOptions& options) const {
  std::optional<FanOutTiming> timing;
  if (finished() && summary_->has_timing()) timing = summary_->timing();
  return RenderWaterfall(rows_, timing, options);
}

std::string WatchState::RenderPart(const Message& part,
                                   const WaterfallOptions& options) const {
  std::string out;
  for (const Row& row : MakeRowsOfPresent(part)) {
    out += RenderLine(row, options);
  }
  if (const auto summary = FanOutSummaryOf(part)) {
    out += RenderTotal(rows_, summary->timing(), options);
  }
  return out;
}

}  // namespace gather::client
