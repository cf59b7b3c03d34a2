#include "client/health.h"

#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "client/call.h"
#include "client/command.h"
#include "client/flags.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"

ABSL_FLAG(std::string, service, "",
          "The service that health asks about, by its full name. Empty means "
          "the server as a whole.");

namespace gather::client {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

int RunHealth(const std::vector<std::string>&) {
  HealthCheckRequest request;
  request.set_service(absl::GetFlag(FLAGS_service));
  const auto stub = Health::NewStub(ServerChannel());
  grpc::ClientContext context;
  PrepareContext(context);
  HealthCheckResponse response;
  const grpc::Status status = stub->Check(&context, request, &response);
  if (!status.ok()) return ReportFailure(status);

  const int exit_code =
      response.status() == HealthCheckResponse::SERVING ? kComplete : kFailed;
  if (absl::GetFlag(FLAGS_output) == OutputFormat::kJson) {
    return PrintJson(response, exit_code);
  }
  std::string name = HealthCheckResponse::ServingStatus_Name(response.status());
  if (name.empty()) {
    name = absl::StrCat("state ", static_cast<int>(response.status()));
  }
  return PrintText(name + "\n", exit_code);
}

}  // namespace gather::client
