#include "server/host/run_aggregator.h"

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/fanout/policy/policies_json.h"
#include "server/host/aggregator_flags.h"
#include "server/host/backend_flags.h"
#include "server/host/backend_watch.h"
#include "server/host/policy_metrics.h"
#include "server/host/section_metrics.h"
#include "server/host/start_line.h"
#include "server/ops/flags/parse_flags.h"
#include "server/ops/log/grpc_log.h"
#include "server/ops/log/log.h"
#include "server/ops/log/request_log.h"
#include "server/ops/process.h"
#include "server/ops/tls/certificates.h"
#include "server/rpc/backend_channel.h"
#include "server/rpc/connect.h"
#include "server/rpc/grpc_workarounds/channel_renewal.h"

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

// Channels to all backends, for whoever connects them, calls on them, and
// renews them.
struct Backends {
  rpc::ChannelList first;  // of each pool
  fanout::Channels pools;
  std::vector<rpc::ChannelRenewal::Watched> watched;
};

Backends MakeBackends(const BackendFlags& flags,
                      const AggregatorSettings& settings) {
  Backends backends;
  for (const auto& make : flags.ChannelMakers()) {
    std::vector<rpc::BackendChannel> pool;
    for (int i = 0; i < settings.connections_per_backend; ++i) {
      rpc::ChannelOptions options = settings.channel;
      options.connection = i;
      const std::shared_ptr<grpc::Channel> channel = make(options);
      pool.emplace_back(channel);
      backends.watched.push_back({.channel = pool.back(),
                                  .make = [=] { return make(options); },
                                  .current = channel,
                                  .keep_connected = i == 0});
      if (i == 0) backends.first.push_back(channel);
    }
    backends.pools.emplace_back(std::move(pool));
  }
  return backends;
}

// What BackendWatch is to look at: of each pool the channel that stays
// connected.
std::vector<BackendWatch::Backend> ToWatch(const BackendFlags& flags,
                                           const fanout::Channels& pools) {
  std::vector<BackendWatch::Backend> backends;
  for (const BackendFlags::Target& target : flags.targets()) {
    backends.push_back(
        {target.backend, target.target, pools[backends.size()].channel(0)});
  }
  return backends;
}

int Serve(AggregatorSettings& settings, const BackendFlags& backends,
          const fanout::Catalog& catalog, const MakeService& make) {
  ops::StopSignals signals;
  ops::PrepareProcess();
  ops::Logger logger(settings.server.log);
  const ops::ScopedGrpcLog grpc_log(logger);
  LogStart(settings, backends, logger);
  ops::RequestLog request_log(logger, settings.server.request_log);
  std::vector<std::shared_ptr<ops::Certificates>> watched =
      backends.certificates();
  watched.push_back(settings.server.tls);
  watched.push_back(settings.server.spans.tls);
  const ops::CertificateWatcher certificates(std::move(watched), logger);
  rpc::ServerOptions& options = settings.server.server;
  const std::unique_ptr<ops::SpanExporter> spans =
      ops::MakeSpanExporter(settings.server.spans, options.event_loops, logger);
  options.credentials = ops::ServerCredentials(settings.server.tls.get());
  options.observer = &request_log;
  options.spans = spans.get();
  options.on_stall = ops::LogStalls(logger);
  options.on_late = ops::LogLateness(logger);
  options.on_ended = ops::LogEndedConnections(logger);
  options.on_error = ops::LogErrors(logger);

  settings.fan_out.on_breaker = LogBreakers(logger);
  Backends channels = MakeBackends(backends, settings);
  const HostedService service =
      make(catalog, backends.BySection(channels.pools), settings.fan_out,
           options.event_loops);
  // Without backends it serves all the same.
  rpc::Connect(channels.first, async::Clock::now() + kConnectAtStart);
  channels.first.clear();  // a channel that is replaced is to go
  const BackendWatch watch(ToWatch(backends, channels.pools), logger);
  const rpc::ChannelRenewal renewal(std::move(channels.watched));
  rpc::Server server(options);
  service.add_to(server);
  return ops::RunServer(server, settings.server, signals, logger,
                        [&](ops::MetricFamilies& families) {
                          const auto reports = service.report();
                          AddSectionFamilies(reports, catalog.words, families);
                          AddPolicyFamilies(reports, families);
                          watch.AddFamilies(families);
                          certificates.AddFamilies(families);
                          if (spans != nullptr) spans->AddFamilies(families);
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
  if (settings->server.check_config) {
    const auto& policies = settings->fan_out.section_policies;
    return ops::ReportGoodConfig(
        settings->server,
        policies.empty() ? "" : fanout::PoliciesAsJson(policies));
  }
  settings->server.arguments.assign(argv + (argc > 0), argv + argc);
  return Serve(*settings, backends, *catalog, make);
}

}  // namespace gather::host
