#include "client/overview.h"

#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/answer.h"
#include "client/call.h"
#include "client/command.h"
#include "client/flags.h"
#include "client/format.h"
#include "client/request.h"
#include "client/row.h"
#include "client/svg.h"
#include "client/terminal.h"
#include "client/waterfall.h"
#include "gather/aggregator/v1/aggregator.grpc.pb.h"
#include "grpcpp/client_context.h"
#include "server/ops/flags/parse_flags.h"

namespace gather::client {

using gather::aggregator::v1::AggregatorService;
using gather::aggregator::v1::GetOverviewRequest;
using gather::aggregator::v1::GetOverviewResponse;
using google::protobuf::Message;

namespace {

SvgPanel TimelineOf(const std::string& user_id,
                    const GetOverviewResponse& response) {
  const absl::Duration total = FromProto(response.timing().duration());
  const absl::Duration sum = FromProto(response.timing().sequential_duration());
  return {absl::StrCat("overview of ", user_id, ": ", FormatTime(total),
                       " (one after the other: ", FormatTime(sum), ")"),
          MakeRows(response), total};
}

}  // namespace

int RunOverview(const std::vector<std::string>& arguments) {
  GetOverviewRequest request;
  const absl::Status filled =
      FillRequest(arguments[0], ReadOverviewFlags(), request);
  if (!filled.ok()) return ops::ReportBadUsage(std::string(filled.message()));

  const auto stub = AggregatorService::NewStub(ServerChannel());
  grpc::ClientContext context;
  PrepareContext(context);
  GetOverviewResponse response;
  const grpc::Status status =
      CheckAnswer(stub->GetOverview(&context, request, &response), response);
  if (!status.ok()) return ReportFailure(status);

  const int exit_code = WriteSvgFlag({TimelineOf(arguments[0], response)},
                                     ExitCodeFor(status, response));
  if (absl::GetFlag(FLAGS_output) == OutputFormat::kJson) {
    return PrintJson(response, exit_code);
  }
  return PrintText(RenderWaterfall(response, OptionsForStdout()), exit_code);
}

grpc::Status CheckAnswer(const grpc::Status& status, const Message& response) {
  if (!status.ok() || !MakeRowsOfPresent(response).empty()) return status;
  return {grpc::StatusCode::INTERNAL, "the answer has no section"};
}

int ExitCodeFor(const grpc::Status& status, const Message& response) {
  if (!status.ok()) return kFailed;
  return IsComplete(response) ? kComplete : kPartial;
}

}  // namespace gather::client
