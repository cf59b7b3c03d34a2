// StreamOverview: the branches produce sections, the writer consumes them.

#include <grpcpp/client_context.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/format.h"
#include "client/row.h"
#include "client/tour/back_pressure.h"
#include "client/tour/backends.h"
#include "client/tour/chapters.h"
#include "gather/aggregator/v1/aggregator.grpc.pb.h"
#include "gather/fanout/v1/fanout.pb.h"

namespace gather::client::tour {
namespace {

using aggregator::v1::AggregatorService;
using aggregator::v1::StreamOverviewRequest;
using aggregator::v1::StreamOverviewResponse;

// A section, as it came.
struct Arrival {
  Row row;
  absl::Time time;  // when it was read
};

// The one section that the part brought.
Row RowOf(const StreamOverviewResponse& part) {
  const std::vector<Row> rows = MakeRowsOfPresent(part);
  return rows.empty() ? Row() : rows.front();
}

struct Streamed {
  std::vector<Arrival> arrivals;
  fanout::v1::FanOutSummary summary;
  bool whole = false;
};

Streamed ReadStream(const Aggregator& aggregator) {
  const auto stub = AggregatorService::NewStub(aggregator.channel());
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  const auto request = MakeOverviewRequest<StreamOverviewRequest>();
  const auto reader = stub->StreamOverview(&context, request);
  Streamed streamed;
  StreamOverviewResponse part;
  while (reader->Read(&part)) {
    if (part.has_summary()) {
      streamed.summary = part.summary();
    } else {
      streamed.arrivals.push_back({RowOf(part), absl::Now()});
    }
  }
  streamed.whole = reader->Finish().ok() && streamed.summary.complete() &&
                   streamed.arrivals.size() == kSections.size();
  return streamed;
}

absl::Duration Landed(const Row& row) { return row.start + row.duration; }

void SayBackPressure(double scale, Report& report) {
  const BackPressure measured = MeasureBackPressure(scale);
  report.Draw(measured.pushes, absl::StrCat("a queue of ", measured.capacity,
                                            " before a slower consumer"));
  report.Says("a full queue held the producer back until there was room",
              measured.held_the_producer_back());
}

// The rows as they were at that time.
std::vector<Row> RowsAt(std::vector<Row> rows, absl::Duration time) {
  for (Row& row : rows) {
    if (Landed(row) <= time) continue;
    row.outcome = Outcome::kInFlight;
    row.duration = std::max(time - row.start, absl::ZeroDuration());
    row.summary.clear();
  }
  return rows;
}

}  // namespace

Report RunProducerConsumer(double scale) {
  const Backends backends(scale);
  const Aggregator aggregator(backends);
  const Streamed streamed = ReadStream(aggregator);

  Report report;
  report.Says("three sections and a summary came", streamed.whole);
  if (!streamed.whole) return report;
  const auto& start_time = streamed.summary.timing().start_time();
  const absl::Time start = absl::FromUnixSeconds(start_time.seconds()) +
                           absl::Nanoseconds(start_time.nanos());
  absl::Duration last_landed;
  std::vector<Row> rows;
  bool in_order = true;
  for (const Arrival& arrival : streamed.arrivals) {
    const absl::Duration landed = Landed(arrival.row);
    in_order = in_order && landed >= last_landed;
    last_landed = landed;
    const absl::Duration lag = arrival.time - start - landed;
    rows.push_back(arrival.row);
    rows.back().summary = "here " + FormatTime(lag) + " later";
    report.Measured(arrival.row.name + "_lag", absl::ToChronoNanoseconds(lag));
  }
  const absl::Duration first = streamed.arrivals.front().time - start;
  const absl::Duration total = FromProto(streamed.summary.timing().duration());
  report.timelines.push_back(
      {"when the first was here", RowsAt(rows, first), total});
  report.timelines.push_back({"in the end", rows, total});
  SayBackPressure(scale, report);
  report.Says("they came in the order in which the backends answered",
              in_order);
  report.Says(absl::StrCat("the first was here while the last was still in "
                           "flight, for another ",
                           FormatTime(start + last_landed -
                                      streamed.arrivals.front().time)),
              streamed.arrivals.front().time < start + last_landed);
  return report;
}

}  // namespace gather::client::tour
