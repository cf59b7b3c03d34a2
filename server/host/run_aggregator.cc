#include "server/host/run_aggregator.h"

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "server/host/aggregator_flags.h"
#include "server/host/backend_flags.h"
#include "server/host/policy_metrics.h"
#include "server/host/section_metrics.h"
#include "server/ops/flags/parse_flags.h"
#include "server/ops/log/grpc_log.h"
#include "server/ops/log/log.h"
#include "server/ops/log/request_log.h"
#include "server/ops/process.h"
#include "server/ops/tls/certificates.h"
#include "server/rpc/connect.h"

namespace gather::host {
namespace {

constexpr std::chrono::seconds kConnectAtStart(1);

// A warning where a backend is not called any more, and a line when it is back.
auto LogBreakers(ops::Logger& logger) {
  using State = fanout::CircuitBreaker::State;
  return [&logger](const std::string& section,
                   const fanout::CircuitBreaker::Transition& transition) {
    if (transition.to == State::kHalfOpen) return;
    if (transition.from != State::kClosed && transition.to == State::kOpen) {
      return;  // a probe failed: it is where it was
    }
    const bool open = transition.to == State::kOpen;
    logger.Log(
        open ? ops::LogLevel::kWarning : ops::LogLevel::kInfo,
        open ? "circuit breaker open" : "circuit breaker closed",
        {{"section", std::string_view(section)},
         {"cause", transition.cause == fanout::CircuitBreaker::Cause::kStall
                       ? std::string_view("stall")
                       : std::string_view(open ? "failures" : "success")}});
  };
}

int Serve(AggregatorSettings& settings, const BackendFlags& backends,
          const fanout::Catalog& catalog, const MakeService& make) {
  ops::StopSignals signals;
  ops::PrepareProcess();
  ops::Logger logger(settings.server.log);
  const ops::ScopedGrpcLog grpc_log(logger);
  ops::RequestLog request_log(logger, settings.server.request_log);
  std::vector<std::shared_ptr<ops::Certificates>> watched =
      backends.certificates();
  watched.push_back(settings.server.tls);
  const ops::CertificateWatcher certificates(std::move(watched), logger);
  rpc::ServerOptions& options = settings.server.server;
  options.credentials = ops::ServerCredentials(settings.server.tls.get());
  options.observer = &request_log;
  options.on_stall = ops::LogStalls(logger);
  options.on_flood = ops::LogFloods(logger);
  options.on_error = ops::LogErrors(logger);

  settings.fan_out.on_breaker = LogBreakers(logger);
  const rpc::ChannelList channels = backends.MakeChannels(settings.channel);
  const HostedService service = make(catalog, backends.BySection(channels),
                                     settings.fan_out, options.event_loops);
  // Without backends it serves all the same.
  rpc::Connect(channels, async::Clock::now() + kConnectAtStart);
  rpc::Server server(options);
  service.add_to(server);
  return ops::RunServer(server, settings.server, signals, logger,
                        [&](ops::MetricFamilies& families) {
                          AddSectionFamilies(service.report(), catalog.words,
                                             families);
                        });
}

}  // namespace

int RunAggregator(int argc, char** argv, std::string_view usage,
                  const absl::StatusOr<fanout::Catalog>& catalog,
                  const MakeService& make) {
  if (!catalog.ok()) {
    std::fprintf(stderr, "the sections don't fit their protos: %s\n",
                 std::string(catalog.status().message()).c_str());
    return 1;
  }
  BackendFlags backends(*catalog);
  const auto arguments =
      ops::ParseFlagsOrExit(argc, argv, usage, backends.flags());
  if (!arguments.empty()) {
    return ops::ReportBadUsage(
        absl::StrCat("unexpected argument ", arguments.front()));
  }
  absl::StatusOr<AggregatorSettings> settings =
      AggregatorSettingsFromFlags(*catalog);
  const absl::Status loaded =
      settings.ok() ? backends.Load() : settings.status();
  if (!loaded.ok()) return ops::ReportBadUsage(std::string(loaded.message()));
  if (settings->server.check_config) return ops::ReportGoodConfig();
  return Serve(*settings, backends, *catalog, make);
}

}  // namespace gather::host
