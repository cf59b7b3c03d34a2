// The user, order and product services that stand in for a user's own.

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/backends/dataset.h"
#include "server/backends/error_code_flag.h"
#include "server/backends/fake.h"
#include "server/backends/service.h"
#include "server/ops/flags/parse_flags.h"
#include "server/ops/flags/server_flags.h"
#include "server/ops/log/grpc_log.h"
#include "server/ops/log/log.h"
#include "server/ops/log/request_log.h"
#include "server/ops/process.h"
#include "server/ops/tls/certificates.h"
#include "server/rpc/server.h"

ABSL_DECLARE_FLAG(std::string, metrics_listen);  // metrics_flag.cc

ABSL_FLAG(std::string, role, "",
          "REQUIRED: user, order or product, or fake: any unary methods, by "
          "--protos and --replies");
ABSL_FLAG(std::string, protos, "",
          "of a fake: file with its protos, as protoc --include_imports "
          "--descriptor_set_out=FILE writes it");
ABSL_FLAG(std::vector<std::string>, replies, {},
          "of a fake: package.Service/Method=FILE, comma-separated, with the "
          "method's reply as JSON; a text $request.FIELD in it becomes that "
          "field of the request");
ABSL_FLAG(std::string, data, "",
          "JSON file to answer from; may be empty where --generated_users is "
          "not 0");
ABSL_FLAG(int64_t, generated_users, 0,
          "how many users, user-1 and up, to make up beside those of --data");
ABSL_FLAG(absl::Duration, latency, absl::ZeroDuration(),
          "how long every answer takes");
ABSL_FLAG(absl::Duration, latency_jitter, absl::ZeroDuration(),
          "how much more or less than --latency it may take");
ABSL_FLAG(int64_t, slow_every, 0,
          "one call in so many, on each event loop, takes --slow_latency "
          "longer; 0 means none");
ABSL_FLAG(absl::Duration, slow_latency, absl::Milliseconds(500),
          "how much longer those take");
ABSL_FLAG(double, error_rate, 0, "share of calls that fail, from 0 to 1");
ABSL_FLAG(gather::backends::ErrorCode, error_code,
          gather::backends::ErrorCode{absl::StatusCode::kInternal},
          "what they fail with, as UNAVAILABLE or 14");
ABSL_FLAG(double, hang_rate, 0,
          "share of calls that are never answered, from 0 to 1");

namespace gather::backends {
namespace {

absl::Status CheckRate(std::string_view flag, double rate) {
  if (rate >= 0 && rate <= 1) return absl::OkStatus();  // NaN is not
  return ops::FlagError(flag, absl::StrCat("must be from 0 to 1, not ", rate));
}

absl::StatusOr<Faults> FaultsFromFlags() {
  for (const absl::Status& check :
       {ops::CheckFlagNotNegative("latency", absl::GetFlag(FLAGS_latency)),
        ops::CheckFlagNotNegative("latency_jitter",
                                  absl::GetFlag(FLAGS_latency_jitter)),
        ops::CheckFlagNotNegative("slow_latency",
                                  absl::GetFlag(FLAGS_slow_latency)),
        ops::CheckFlagRange("slow_every", absl::GetFlag(FLAGS_slow_every),
                            int64_t{0}, int64_t{1} << 30),
        CheckRate("error_rate", absl::GetFlag(FLAGS_error_rate)),
        CheckRate("hang_rate", absl::GetFlag(FLAGS_hang_rate))}) {
    if (!check.ok()) return check;
  }
  return Faults{
      .latency = absl::ToChronoNanoseconds(absl::GetFlag(FLAGS_latency)),
      .jitter = absl::ToChronoNanoseconds(absl::GetFlag(FLAGS_latency_jitter)),
      .slow_every = absl::GetFlag(FLAGS_slow_every),
      .slow_latency =
          absl::ToChronoNanoseconds(absl::GetFlag(FLAGS_slow_latency)),
      .error_rate = absl::GetFlag(FLAGS_error_rate),
      .error_code = absl::GetFlag(FLAGS_error_code).code,
      .hang_rate = absl::GetFlag(FLAGS_hang_rate)};
}

// What main has for whichever role.
struct Process {
  std::vector<std::string> arguments;
  ops::StopSignals signals = {};
};

struct Settings {
  ops::ServerSettings server;
  Faults faults;
};

absl::StatusOr<Settings> SettingsFromFlags(const char* listen) {
  absl::StatusOr<ops::ServerSettings> server = ops::ServerSettingsFromFlags(
      {.listen = listen,
       .max_inflight = 0,
       .max_streams_per_connection = INT32_MAX,
       .max_resets_per_second = 0,
       .metrics_listen = absl::GetFlag(FLAGS_metrics_listen),
       .service_name = absl::GetFlag(FLAGS_role)});
  if (!server.ok()) return server.status();
  absl::StatusOr<Faults> faults = FaultsFromFlags();
  if (!faults.ok()) return faults.status();
  return Settings{*std::move(server), *faults};
}

// Of the roles that answer from a table.
absl::Status CheckTableFlags() {
  const int64_t generated = absl::GetFlag(FLAGS_generated_users);
  if (generated < 0) {
    return ops::FlagError("generated_users", "must not be negative");
  }
  if (generated == 0 && absl::GetFlag(FLAGS_data).empty()) {
    return ops::FlagError("data", "is needed unless --generated_users is set");
  }
  return absl::OkStatus();
}

// Serves `service` until a signal comes.
template <typename Service>
int Serve(Service& service, ops::ServerSettings& settings, ops::Logger& logger,
          Process& process) {
  ops::RequestLog request_log(logger, settings.request_log);
  const ops::CertificateWatcher certificates({settings.tls, settings.spans.tls},
                                             logger);
  const std::unique_ptr<ops::SpanExporter> spans = ops::MakeSpanExporter(
      settings.spans, settings.server.event_loops, logger);
  settings.server.credentials = ops::ServerCredentials(settings.tls.get());
  settings.server.observer = &request_log;
  settings.server.spans = spans.get();
  settings.server.tell_trace = false;
  settings.server.on_stall = ops::LogStalls(logger);
  settings.server.on_late = ops::LogLateness(logger);
  settings.server.on_ended = ops::LogEndedConnections(logger);
  settings.server.on_error = ops::LogErrors(logger);
  rpc::Server server(settings.server);
  service.AddTo(server);
  settings.arguments = process.arguments;
  return ops::RunServer(server, settings, process.signals, logger,
                        [&](ops::MetricFamilies& families) {
                          certificates.AddFamilies(families);
                          if (spans != nullptr) spans->AddFamilies(families);
                        });
}

template <typename Role>
int RunTable(const char* listen,
             absl::StatusOr<typename Role::Table> (*load)(const std::string&,
                                                          int64_t),
             Process& process) {
  absl::StatusOr<Settings> settings = SettingsFromFlags(listen);
  const absl::Status checked =
      settings.ok() ? CheckTableFlags() : settings.status();
  if (!checked.ok()) return ops::ReportBadUsage(std::string(checked.message()));

  ops::Logger logger(settings->server.log);
  const ops::ScopedGrpcLog grpc_log(logger);
  absl::StatusOr<typename Role::Table> table =
      load(absl::GetFlag(FLAGS_data), absl::GetFlag(FLAGS_generated_users));
  if (!table.ok()) {
    logger.Log(ops::LogLevel::kError, "can't load the data",
               {{"error", table.status().message()}});
    return 1;
  }
  if (settings->server.check_config) {
    return ops::ReportGoodConfig(settings->server);
  }
  BackendService<Role> service(*std::move(table), settings->faults,
                               settings->server.server.event_loops);
  return Serve(service, settings->server, logger, process);
}

int RunFake(const char* listen, Process& process) {
  absl::StatusOr<Settings> settings = SettingsFromFlags(listen);
  if (!settings.ok()) {
    return ops::ReportBadUsage(std::string(settings.status().message()));
  }
  absl::StatusOr<std::unique_ptr<FakeService>> service = FakeService::Load(
      absl::GetFlag(FLAGS_protos), absl::GetFlag(FLAGS_replies),
      settings->faults, settings->server.server.event_loops);
  if (!service.ok()) {
    return ops::ReportBadUsage(std::string(service.status().message()));
  }
  if (settings->server.check_config) {
    return ops::ReportGoodConfig(settings->server);
  }
  ops::Logger logger(settings->server.log);
  const ops::ScopedGrpcLog grpc_log(logger);
  return Serve(**service, settings->server, logger, process);
}

int Main(int argc, char** argv) {
  const auto arguments = ops::ParseFlagsOrExit(
      argc, argv,
      "Usage: backend --role=user|order|product --data=FILE [FLAGS]\n"
      "       backend --role=fake --protos=FILE --replies=METHOD=FILE [FLAGS]\n"
      "Serves one of the aggregator's backends, with faults to order.");
  if (!arguments.empty()) {
    return ops::ReportBadUsage(
        absl::StrCat("unexpected argument ", arguments.front()));
  }
  Process process{.arguments = {argv + (argc > 0), argv + argc}};
  ops::PrepareProcess();
  const std::string role = absl::GetFlag(FLAGS_role);
  if (role == "user")
    return RunTable<UserRole>("[::]:50052", LoadUsers, process);
  if (role == "order") {
    return RunTable<OrderRole>("[::]:50053", LoadOrders, process);
  }
  if (role == "product") {
    return RunTable<ProductRole>("[::]:50054", LoadProducts, process);
  }
  if (role == "fake") return RunFake("[::]:50055", process);
  return ops::ReportBadUsage(absl::StrCat(
      "--role: must be user, order, product or fake, not \"", role, "\""));
}

}  // namespace
}  // namespace gather::backends

int main(int argc, char** argv) { return gather::backends::Main(argc, argv); }
