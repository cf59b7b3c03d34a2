#include "client/row.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/format.h"
#include "client/summary.h"
#include "client/text.h"
#include "gather/aggregator/v1/aggregator.pb.h"

namespace gather::client {
namespace {

using gather::aggregator::v1::GetOverviewResponse;
using gather::aggregator::v1::SectionStatus;

// A backend may send a name of a megabyte; a terminal is no place for it.
constexpr int kMaxSummaryColumns = 400;

Outcome OutcomeOf(const SectionStatus& status) {
  switch (status.state()) {
    case gather::aggregator::v1::SECTION_STATE_OK:
      return Outcome::kOk;
    case gather::aggregator::v1::SECTION_STATE_FAILED:
      return Outcome::kFailed;
    case gather::aggregator::v1::SECTION_STATE_NOT_REQUESTED:
      return Outcome::kNotRequested;
    default:
      return Outcome::kUnknown;
  }
}

template <typename Section>
std::string SummaryOf(const Section& section, Outcome outcome) {
  const SectionStatus& status = section.status();
  if (outcome == Outcome::kNotRequested) return "not requested";
  std::string text;
  if (outcome == Outcome::kOk) {
    text = Summarize(section);
  } else if (outcome == Outcome::kFailed) {
    text = SummarizeFailure(status);
  } else {
    text = absl::StrCat("in a state that gatherctl does not know (",
                        static_cast<int>(status.state()), ")");
  }
  text = Shorten(EscapeControl(text), kMaxSummaryColumns);
  if (status.attempts() > 1) {
    absl::StrAppend(&text, " (", status.attempts(), " attempts)");
  }
  return text;
}

template <typename Section>
Row MakeRow(std::string_view name, bool present, const Section& section,
            const std::string& absent) {
  Row row;
  row.name = name;
  row.summary = absent;
  if (!present) return row;
  const SectionStatus& status = section.status();
  row.outcome = OutcomeOf(status);
  row.start = FromProto(status.start_offset());
  row.duration = FromProto(status.duration());
  row.called = row.outcome != Outcome::kNotRequested && status.attempts() > 0;
  row.summary = SummaryOf(section, row.outcome);
  return row;
}

}  // namespace

std::vector<Row> MakeRows(const GetOverviewResponse& response,
                          const std::string& absent) {
  return {MakeRow("user", response.has_user(), response.user(), absent),
          MakeRow("orders", response.has_orders(), response.orders(), absent),
          MakeRow("products", response.has_products(), response.products(),
                  absent)};
}

}  // namespace gather::client
