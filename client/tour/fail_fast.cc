// The aggregator with a required section that fails early.

#include <grpcpp/client_context.h>

#include <chrono>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/tour/backends.h"
#include "client/tour/chapters.h"
#include "gather/aggregator/v1/aggregator.grpc.pb.h"
#include "server/rpc/status.h"

namespace gather::client::tour {
namespace {

using aggregator::v1::AggregatorService;
using aggregator::v1::GetOverviewRequest;
using aggregator::v1::GetOverviewResponse;

Span GetOverviewRequiringProducts(const Aggregator& aggregator) {
  const auto stub = AggregatorService::NewStub(aggregator.channel());
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  // tour: begin
  auto request = MakeOverviewRequest<GetOverviewRequest>();
  request.mutable_required_mask()->add_paths(SectionName(kProducts));
  GetOverviewResponse response;
  Span span{.name = "overview", .start = Clock::now()};
  span.status = rpc::ToAbsl(stub->GetOverview(&context, request, &response));
  // tour: end
  span.end = Clock::now();
  return span;
}

}  // namespace

Report RunFailFast(double scale) {
  BackendFaults faults;
  // With a code that is true of the whole call, too, and is handed up.
  faults.products = {.latency = std::chrono::milliseconds(300),
                     .error_rate = 1,
                     .error_code = absl::StatusCode::kResourceExhausted};
  Backends backends(scale, faults);
  const Aggregator aggregator(backends);
  const Span overview = GetOverviewRequiringProducts(aggregator);

  // As the backends saw it.
  std::vector<Span> spans = {overview};
  for (const Section section : kSections) {
    const std::vector<Span> seen = backends.witness(section).WaitFor(1);
    Span span;
    span.status = absl::UnknownError("not seen");
    if (!seen.empty()) span = seen.front();
    span.name = SectionName(section);
    spans.push_back(span);
  }
  const Clock::duration longest =
      std::chrono::duration_cast<Clock::duration>(faults.user.latency * scale);
  Report report;
  report.Draw(spans, "", absl::FromChrono(longest));
  report.Measured("total", overview.length());
  report.Says(
      "the call failed with the code of the section that was required",
      overview.status.code() == absl::StatusCode::kResourceExhausted &&
          spans[3].status.code() == absl::StatusCode::kResourceExhausted);
  report.Says(
      "the other two backends saw their calls cancelled",
      absl::IsCancelled(spans[1].status) && absl::IsCancelled(spans[2].status));
  report.Says(
      absl::StrCat("nobody waited for them to finish their work: ",
                   Say(overview.length()), " instead of ", Say(longest)),
      overview.length() < longest);
  return report;
}

}  // namespace gather::client::tour
