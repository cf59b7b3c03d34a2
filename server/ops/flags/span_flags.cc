#include "server/ops/flags/span_flags.h"

#include <errno.h>

#include <cstddef>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/ops/flags/address.h"
#include "server/rpc/channel.h"

ABSL_FLAG(std::string, otlp_endpoint, "",
          "collector to send spans to, by OTLP over gRPC: host:port or "
          "http://host:port; none sends no spans; empty means "
          "$OTEL_EXPORTER_OTLP_ENDPOINT, and none without it");
ABSL_FLAG(std::vector<std::string>, otlp_tls, {},
          "CA or CA,CERT,KEY, PEM files: call the collector over TLS, with an "
          "authority to take its certificate from, and with this process's own "
          "certificate and its key");

namespace gather::ops {
namespace {

constexpr char kEndpointFlag[] = "--otlp_endpoint";
constexpr char kEndpointVariable[] = "OTEL_EXPORTER_OTLP_ENDPOINT";
constexpr char kNoEndpoint[] = "none";

// Where to send spans, and who says so.
struct Endpoint {
  std::string name;
  std::string value;
};

// OTLP's form is a URL, gRPC's a target.
absl::StatusOr<std::string> TargetOf(const Endpoint& endpoint, bool tls) {
  std::string target = endpoint.value;
  const auto remove_scheme = [&target](std::string_view scheme) {
    if (!target.starts_with(scheme)) return false;
    target.erase(0, scheme.size());
    if (target.ends_with('/')) target.pop_back();
    return true;
  };
  if (remove_scheme("https://")) {
    if (!tls) {
      return absl::InvalidArgumentError(absl::StrCat(
          endpoint.name, ": \"", endpoint.value, "\" needs --otlp_tls"));
    }
  } else if (remove_scheme("http://") && tls) {
    return absl::InvalidArgumentError(
        absl::StrCat(endpoint.name, ": \"", endpoint.value,
                     "\" is without TLS, and --otlp_tls is given"));
  }
  absl::Status checked = CheckTarget(endpoint.name, target);
  if (!checked.ok()) return checked;
  return target;
}

}  // namespace

absl::StatusOr<SpanSettings> MakeSpanSettings(const SpanFlags& flags,
                                              const Environment& environment,
                                              const std::string& service_name) {
  const Endpoint endpoint =
      flags.endpoint.empty()
          ? Endpoint{kEndpointVariable, environment(kEndpointVariable)}
          : Endpoint{kEndpointFlag, flags.endpoint};
  SpanSettings settings;
  if (endpoint.value.empty() || endpoint.value == kNoEndpoint) return settings;
  absl::StatusOr<std::string> target = TargetOf(endpoint, !flags.tls.empty());
  if (!target.ok()) return target.status();
  auto tls = LoadClientCertificates("otlp_tls", flags.tls);
  if (!tls.ok()) return tls.status();
  const absl::StatusOr<Sampler> sampler =
      Sampler::Make(environment("OTEL_TRACES_SAMPLER"),
                    environment("OTEL_TRACES_SAMPLER_ARG"));
  if (!sampler.ok()) return sampler.status();
  settings.target = *std::move(target);
  settings.tls = *std::move(tls);
  settings.sampler = *sampler;
  settings.service_name = environment("OTEL_SERVICE_NAME");
  if (settings.service_name.empty()) settings.service_name = service_name;
  return settings;
}

absl::StatusOr<SpanSettings> SpanSettingsFromFlags(
    const std::string& service_name) {
  const Environment environment = [](const char* name) -> std::string {
    const char* const value = std::getenv(name);
    return value != nullptr ? value : "";
  };
  return MakeSpanSettings(
      {.endpoint = absl::GetFlag(FLAGS_otlp_endpoint),
       .tls = absl::GetFlag(FLAGS_otlp_tls)},
      environment,
      service_name.empty() ? program_invocation_short_name : service_name);
}

std::unique_ptr<SpanExporter> MakeSpanExporter(const SpanSettings& settings,
                                               int event_loops,
                                               Logger& logger) {
  if (settings.target.empty()) return nullptr;
  return std::make_unique<SpanExporter>(
      SpanExporterOptions{
          .channel = rpc::MakeChannel(settings.target,
                                      ChannelCredentials(settings.tls.get())),
          .target = settings.target,
          .service_name = settings.service_name,
          .sampler = settings.sampler,
          .event_loops = event_loops},
      logger);
}

}  // namespace gather::ops
