// The aggregator with one backend that fails: gather(return_exceptions=True).

#include <grpcpp/client_context.h>

#include <chrono>
#include <string>

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
  const auto request = MakeOverviewRequest<GetOverviewRequest>();
  GetOverviewResponse response;
  const grpc::Status status = stub->GetOverview(&context, request, &response);

  Report report;
  report.lanes = MakeRows(response, "missing from the answer");
  report.axis = FromProto(response.timing().duration());
  const absl::Duration sum = FromProto(response.timing().sequential_duration());
  report.Measured("total", absl::ToChronoNanoseconds(report.axis));
  report.Measured("sum", absl::ToChronoNanoseconds(sum));
  report.Says("the call succeeded, with two sections and without the third",
              status.ok() && !response.complete() &&
                  report.lanes[0].outcome == Outcome::kOk &&
                  report.lanes[1].outcome == Outcome::kOk &&
                  report.lanes[2].outcome == Outcome::kFailed);
  report.Says(
      absl::StrCat("the failure changed nothing about the time: ",
                   FormatTime(report.axis), ", that of the longest"),
      report.axis >= report.lanes[0].duration && report.axis < sum * 0.75);
  return report;
}

}  // namespace gather::client::tour
