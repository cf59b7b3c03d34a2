// The aggregator: one call in, three out, one answer back.

#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/aggregator/metrics.h"
#include "server/aggregator/service.h"
#include "server/ops/flags/parse_flags.h"
#include "server/ops/flags/server_flags.h"
#include "server/ops/log/grpc_log.h"
#include "server/ops/log/log.h"
#include "server/ops/log/request_log.h"
#include "server/ops/process.h"
#include "server/ops/tls/certificates.h"
#include "server/rpc/channel.h"
#include "server/rpc/server.h"

ABSL_FLAG(
    std::string, user_target, "localhost:50052",
    "where the user backend is, in gRPC's naming: host:port, dns:///name");
ABSL_FLAG(std::string, order_target, "localhost:50053",
          "where the order backend is");
ABSL_FLAG(std::string, product_target, "localhost:50054",
          "where the product backend is");
ABSL_FLAG(std::vector<std::string>, user_tls, {},
          "CA or CA,CERT,KEY, PEM files: call the user backend over TLS, with "
          "an authority to take its certificate from, and with this process's "
          "own certificate and its key");
ABSL_FLAG(std::vector<std::string>, order_tls, {},
          "the same for the order backend");
ABSL_FLAG(std::vector<std::string>, product_tls, {},
          "the same for the product backend");
ABSL_FLAG(absl::Duration, section_timeout, absl::Seconds(3),
          "how long one section's call may take");
ABSL_FLAG(absl::Duration, total_timeout, absl::Seconds(5),
          "how long a request may take whose caller set no deadline");
ABSL_FLAG(int, max_attempts, 3,
          "how often a backend is called at most where it says UNAVAILABLE");
ABSL_FLAG(std::string, metrics_listen, "127.0.0.1:9464",
          "IPv4 address to serve metrics on, host:port, at /metrics for "
          "Prometheus; port 0 takes a free one; empty means none");
ABSL_FLAG(int, max_reply_bytes, 4 << 20,
          "the largest reply that is taken from a backend");

ABSL_FLAG(std::vector<std::string>, forward_metadata, {},
          "comma-separated keys of a request's metadata that go on to the "
          "backends; nothing else does");

namespace gather::aggregator {
namespace {

// What gRPC allows in a key, less what it or we send ourselves.
absl::Status CheckForwardedKey(const std::string& key) {
  constexpr char kAllowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
  if (key.empty() || key.find_first_not_of(kAllowed) != std::string::npos) {
    return ops::FlagError(
        "forward_metadata",
        absl::StrCat("\"", key, "\" is not a key of [a-z0-9-_.]"));
  }
  for (const char* taken :
       {"content-type", "te", "user-agent", "traceparent", "tracestate"}) {
    if (key == taken || key.rfind("grpc-", 0) == 0) {
      return ops::FlagError("forward_metadata",
                            absl::StrCat(key, " can't be forwarded"));
    }
  }
  return absl::OkStatus();
}

struct Settings {
  ops::ServerSettings server;
  Timeouts timeouts;
  rpc::RetryPolicy retry;
  rpc::ChannelOptions channel;
  // Towards each backend; null means plaintext.
  std::shared_ptr<ops::Certificates> user_tls;
  std::shared_ptr<ops::Certificates> order_tls;
  std::shared_ptr<ops::Certificates> product_tls;
};

absl::Status LoadCertificates(Settings& settings) {
  for (const auto& [flag, paths, tls] :
       {std::tuple("user_tls", absl::GetFlag(FLAGS_user_tls),
                   &settings.user_tls),
        std::tuple("order_tls", absl::GetFlag(FLAGS_order_tls),
                   &settings.order_tls),
        std::tuple("product_tls", absl::GetFlag(FLAGS_product_tls),
                   &settings.product_tls)}) {
    auto loaded = ops::LoadClientCertificates(flag, paths);
    if (!loaded.ok()) return loaded.status();
    *tls = *std::move(loaded);
  }
  return absl::OkStatus();
}

absl::StatusOr<Settings> SettingsFromFlags() {
  absl::StatusOr<ops::ServerSettings> server = ops::ServerSettingsFromFlags(
      {.listen = "[::]:50051",
       .max_inflight = 20000,
       .metrics_listen = absl::GetFlag(FLAGS_metrics_listen)});
  if (!server.ok()) return server.status();
  for (const absl::Status& check :
       {ops::CheckFlagPositive("section_timeout",
                               absl::GetFlag(FLAGS_section_timeout)),
        ops::CheckFlagPositive("total_timeout",
                               absl::GetFlag(FLAGS_total_timeout)),
        ops::CheckFlagRange("max_attempts", absl::GetFlag(FLAGS_max_attempts),
                            1, 10),
        ops::CheckFlagRange("max_reply_bytes",
                            absl::GetFlag(FLAGS_max_reply_bytes), 1,
                            1 << 30)}) {
    if (!check.ok()) return check;
  }
  for (const auto& [flag, target] :
       {std::pair("user_target", absl::GetFlag(FLAGS_user_target)),
        std::pair("order_target", absl::GetFlag(FLAGS_order_target)),
        std::pair("product_target", absl::GetFlag(FLAGS_product_target))}) {
    if (target.empty()) return ops::FlagError(flag, "is empty");
  }
  for (const std::string& key : absl::GetFlag(FLAGS_forward_metadata)) {
    absl::Status checked = CheckForwardedKey(key);
    if (!checked.ok()) return checked;
  }
  Settings settings;
  settings.server = *std::move(server);
  settings.timeouts.section =
      absl::ToChronoNanoseconds(absl::GetFlag(FLAGS_section_timeout));
  settings.timeouts.total =
      absl::ToChronoNanoseconds(absl::GetFlag(FLAGS_total_timeout));
  settings.retry.max_attempts = absl::GetFlag(FLAGS_max_attempts);
  settings.channel.max_reply_bytes = absl::GetFlag(FLAGS_max_reply_bytes);
  absl::Status loaded = LoadCertificates(settings);
  if (!loaded.ok()) return loaded;
  return settings;
}

int Main(int argc, char** argv) {
  const auto arguments = ops::ParseFlagsOrExit(
      argc, argv,
      "Usage: aggregator [FLAGS]\n"
      "Calls the user, order and product backends at the same time and "
      "answers with what they say.");
  if (!arguments.empty()) {
    return ops::ReportBadUsage(
        absl::StrCat("unexpected argument ", arguments.front()));
  }
  absl::StatusOr<Settings> settings = SettingsFromFlags();
  if (!settings.ok())
    return ops::ReportBadUsage(std::string(settings.status().message()));
  if (settings->server.check_config) return ops::ReportGoodConfig();

  ops::StopSignals signals;
  ops::PrepareProcess();
  ops::Logger logger(settings->server.log);
  const ops::ScopedGrpcLog grpc_log(logger);
  ops::RequestLog request_log(logger, settings->server.request_log);
  const ops::CertificateWatcher certificates(
      {settings->server.tls, settings->user_tls, settings->order_tls,
       settings->product_tls},
      logger);
  rpc::ServerOptions& options = settings->server.server;
  options.credentials = ops::ServerCredentials(settings->server.tls.get());
  options.observer = &request_log;
  options.on_stall = ops::LogStalls(logger);
  options.on_flood = ops::LogFloods(logger);

  const auto channel = [&](const std::string& target, const auto& tls) {
    return rpc::MakeChannel(target, ops::ChannelCredentials(tls.get()),
                            settings->channel);
  };
  AggregatorService service(
      {.user = channel(absl::GetFlag(FLAGS_user_target), settings->user_tls),
       .orders =
           channel(absl::GetFlag(FLAGS_order_target), settings->order_tls),
       .products =
           channel(absl::GetFlag(FLAGS_product_target), settings->product_tls)},
      settings->timeouts, settings->retry, options.event_loops,
      absl::GetFlag(FLAGS_forward_metadata));
  rpc::Server server(options);
  service.AddTo(server);
  return ops::RunServer(server, settings->server, signals, logger,
                        [&](ops::MetricFamilies& families) {
                          AddSectionFamilies(service.Report(), families);
                        });
}

}  // namespace
}  // namespace gather::aggregator

int main(int argc, char** argv) { return gather::aggregator::Main(argc, argv); }
