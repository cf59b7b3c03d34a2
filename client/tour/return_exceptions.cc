// The aggregator with one backend that fails: gather(return_exceptions=True).

#include <grpcpp/client_context.h>

#include <chrono>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/format.h"
#include "client/row.h"
#include "client/tour/backends.h"
#include "client/tour/chapters.h"
#include "gather/aggregator/v1/aggregator.grpc.pb.h"

namespace gather::client::tour {

using aggregator::v1::AggregatorService;
using aggregator::v1::GetOverviewRequest;
using aggregator::v1::GetOverviewResponse;

Report RunReturnExceptions(double scale) {
  BackendFaults faults;
  faults.products.error_rate = 1;
  const Backends backends(scale, faults);
  const Aggregator aggregator(backends);
  const auto stub = AggregatorService::NewStub(aggregator.channel());
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  // tour: begin
  const auto request = MakeOverviewRequest<GetOverviewRequest>();
  GetOverviewResponse response;
  const grpc::Status status = stub->GetOverview(&context, request, &response);
  const bool whole = status.ok() && response.complete();
  // tour: end

  Report report;
  std::vector<Row> rows = MakeRows(response);
  std::erase_if(rows, [](const Row& row) {
    return row.outcome == Outcome::kNotRequested;
  });
  const absl::Duration total = FromProto(response.timing().duration());
  report.timelines.push_back({"", rows, total});
  const absl::Duration sum = FromProto(response.timing().sequential_duration());
  report.Measured("total", absl::ToChronoNanoseconds(total));
  report.Measured("sum", absl::ToChronoNanoseconds(sum));
  report.Says("the call succeeded, with two sections and without the third",
              status.ok() && !whole && rows[0].outcome == Outcome::kOk &&
                  rows[1].outcome == Outcome::kOk &&
                  rows[2].outcome == Outcome::kFailed);
  report.Says(absl::StrCat("the failure changed nothing about the time: ",
                           FormatTime(total), ", that of the longest"),
              total >= rows[0].duration && total < sum * 0.75);
  return report;
}

}  // namespace gather::client::tour
