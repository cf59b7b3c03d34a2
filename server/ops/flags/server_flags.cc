#include "server/ops/flags/server_flags.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "absl/flags/flag.h"
#include "server/ops/flags/address.h"
#include "server/ops/flags/parse_flags.h"

ABSL_FLAG(std::string, listen, "",
          "address to serve on, host:port or unix:/path; port 0 takes a free "
          "one; empty means all addresses and the program's usual port");
ABSL_FLAG(int, event_loops, 0,
          "event loops, a thread each; 0 means one a core, as far as affinity "
          "and the cgroup's CPU quota go");
ABSL_FLAG(int64_t, max_inflight, -1,
          "requests in flight before more are refused with "
          "RESOURCE_EXHAUSTED; 0 means no limit, -1 the program's default "
          "(aggregator 20000, backend no limit), or as many as the cgroup's "
          "memory limit has room for");
ABSL_FLAG(int, max_streams_per_connection, -1,
          "calls at a time on one connection; 0 means no limit, -1 the "
          "program's default (aggregator 1000, backend no limit)");
ABSL_FLAG(
    int, max_resets_per_second, -1,
    "a connection on which more calls are cancelled in a second is ended; "
    "0 means no limit, -1 the program's default (aggregator 1000, backend "
    "no limit)");
ABSL_FLAG(
    bool, shed_overload, true,
    "refuse requests, with RESOURCE_EXHAUSTED, while an event loop is too "
    "busy to answer them before their deadlines");
ABSL_FLAG(absl::Duration, send_timeout, absl::Seconds(30),
          "how long a caller may take to take in a message that is sent to it, "
          "before its call is cancelled");
ABSL_FLAG(int64_t, memory_quota_mb, 0,
          "megabytes that gRPC may hold for all connections together; 0 means "
          "1024, or what the cgroup's memory limit has room for");
ABSL_FLAG(absl::Duration, max_connection_age, absl::Hours(1),
          "connections older than this are asked to reconnect");
ABSL_FLAG(absl::Duration, max_connection_age_grace, absl::Seconds(30),
          "how long such a connection may finish its calls");
ABSL_FLAG(absl::Duration, drain_delay, absl::ZeroDuration(),
          "after SIGTERM, how long to serve on with health NOT_SERVING, so "
          "that load balancers look away");
ABSL_FLAG(absl::Duration, drain_timeout, absl::Seconds(10),
          "then, how long calls in flight may take before they are cancelled");
ABSL_FLAG(absl::Duration, stall_limit, absl::Milliseconds(200),
          "a step that holds an event loop for longer is logged");
ABSL_FLAG(gather::ops::LogFormat, log_format, gather::ops::LogFormat::kText,
          "text or json");
ABSL_FLAG(gather::ops::LogLevel, log_level, gather::ops::LogLevel::kInfo,
          "debug, info, warning, error or off");
ABSL_FLAG(int64_t, log_sample, 1,
          "of the requests that went well, log one in so many, by trace id; 0 "
          "logs none of them. For others see --log_repeats");
ABSL_FLAG(
    int64_t, log_repeats, 10,
    "of the requests that failed alike, log so many in a second, and then "
    "how many were left out; 0 logs all of them");
ABSL_FLAG(std::string, port_file, "",
          "file to write the port to, once it is listened on");
ABSL_FLAG(std::string, metrics_port_file, "",
          "the same for the port of --metrics_listen");

ABSL_FLAG(std::string, tls_cert, "",
          "PEM file with the server's certificate, and those between it and "
          "its authority; with it, calls are taken over TLS alone");
ABSL_FLAG(std::string, tls_key, "", "PEM file with its private key");
ABSL_FLAG(std::string, tls_client_ca, "",
          "PEM file with authorities; with it, a client needs a certificate "
          "of one of them");
ABSL_FLAG(bool, channelz, false,
          "serve grpc.channelz.v1.Channelz, which shows every connection to "
          "every caller");
ABSL_FLAG(bool, check_config, false,
          "check flags and the files that they name, say what is wrong, and "
          "end");

namespace gather::ops {
namespace {

absl::Status CheckMemoryQuota(int64_t megabytes) {
  if (megabytes == 0) return absl::OkStatus();
  return CheckFlagRange<int64_t>("memory_quota_mb", megabytes, 16,
                                 int64_t{1} << 20);
}

absl::Status CheckFlags() {
  for (const absl::Status& check :
       {CheckFlagRange("event_loops", absl::GetFlag(FLAGS_event_loops), 0,
                       1024),
        CheckFlagRange<int64_t>("max_inflight",
                                absl::GetFlag(FLAGS_max_inflight), -1,
                                int64_t{1} << 32),
        CheckFlagRange("max_streams_per_connection",
                       absl::GetFlag(FLAGS_max_streams_per_connection), -1,
                       std::numeric_limits<int>::max()),
        CheckFlagRange("max_resets_per_second",
                       absl::GetFlag(FLAGS_max_resets_per_second), -1,
                       std::numeric_limits<int>::max()),
        CheckFlagPositive("send_timeout", absl::GetFlag(FLAGS_send_timeout)),
        CheckMemoryQuota(absl::GetFlag(FLAGS_memory_quota_mb)),
        CheckFlagPositive("max_connection_age",
                          absl::GetFlag(FLAGS_max_connection_age)),
        CheckFlagNotNegative("max_connection_age_grace",
                             absl::GetFlag(FLAGS_max_connection_age_grace)),
        CheckFlagPositive("stall_limit", absl::GetFlag(FLAGS_stall_limit)),
        CheckFlagRange<int64_t>("log_sample", absl::GetFlag(FLAGS_log_sample),
                                0, std::numeric_limits<uint32_t>::max()),
        CheckFlagRange<int64_t>("log_repeats", absl::GetFlag(FLAGS_log_repeats),
                                0, std::numeric_limits<uint32_t>::max()),
        CheckFlagNotNegative("drain_delay", absl::GetFlag(FLAGS_drain_delay)),
        CheckFlagNotNegative("drain_timeout",
                             absl::GetFlag(FLAGS_drain_timeout))}) {
    if (!check.ok()) return check;
  }
  return absl::OkStatus();
}

// gRPC keeps these in an int of milliseconds; what is less than one is not
// none.
std::chrono::milliseconds Milliseconds(absl::Duration duration) {
  return absl::ToChronoMilliseconds(
      std::min(absl::Ceil(duration, absl::Milliseconds(1)),
               absl::Milliseconds(std::numeric_limits<int>::max())));
}

// What the flags say, or else what there is room for.
ServerSizes SizesFromFlags(const ServerDefaults& defaults) {
  constexpr int64_t kMemoryQuotaMb = 1024;
  constexpr char kFlag[] = "flag";
  ServerSizes sizes;
  sizes.resources = FindResources();
  const int loops = absl::GetFlag(FLAGS_event_loops);
  sizes.event_loops =
      loops > 0 ? Sized{loops, kFlag} : SizeEventLoops(sizes.resources);
  const int64_t inflight = absl::GetFlag(FLAGS_max_inflight);
  sizes.max_inflight =
      inflight >= 0 ? Sized{inflight, kFlag}
                    : SizeMaxInflight(sizes.resources, defaults.max_inflight);
  const int64_t quota = absl::GetFlag(FLAGS_memory_quota_mb);
  sizes.memory_quota_mb =
      quota > 0 ? Sized{quota, kFlag}
                : SizeMemoryQuotaMb(sizes.resources, kMemoryQuotaMb);
  return sizes;
}

// Null where no flag asks for TLS.
absl::StatusOr<std::shared_ptr<Certificates>> CertificatesFromFlags() {
  TlsFiles files{.ca = {"tls_client_ca", absl::GetFlag(FLAGS_tls_client_ca)},
                 .cert = {"tls_cert", absl::GetFlag(FLAGS_tls_cert)},
                 .key = {"tls_key", absl::GetFlag(FLAGS_tls_key)}};
  if (files.cert.path.empty() && files.key.path.empty()) {
    if (files.ca.path.empty()) return std::shared_ptr<Certificates>();
    return FlagError("tls_client_ca", "needs --tls_cert and --tls_key");
  }
  return Certificates::Load(std::move(files));
}

}  // namespace

absl::Status CheckFlagNotNegative(std::string_view flag, absl::Duration value) {
  if (value >= absl::ZeroDuration() && value <= kLongestFlag) {
    return absl::OkStatus();
  }
  return FlagError(flag, absl::StrCat("must be from 0 to a year, not ",
                                      absl::FormatDuration(value)));
}

absl::StatusOr<ServerSettings> ServerSettingsFromFlags(
    const ServerDefaults& defaults) {
  absl::Status checked = CheckFlags();
  if (!checked.ok()) return checked;

  ServerSettings settings;
  rpc::ServerOptions& server = settings.server;
  const std::string listen = absl::GetFlag(FLAGS_listen);
  server.listen = listen.empty() ? defaults.listen : listen;
  checked = CheckFlagListen("listen", server.listen);
  if (!checked.ok()) return checked;
  settings.sizes = SizesFromFlags(defaults);
  server.event_loops = static_cast<int>(settings.sizes.event_loops.value);
  server.max_inflight = settings.sizes.max_inflight.value;
  const int streams = absl::GetFlag(FLAGS_max_streams_per_connection);
  server.max_streams_per_connection =
      streams >= 0 ? streams : defaults.max_streams_per_connection;
  if (streams == 0) {
    server.max_streams_per_connection = std::numeric_limits<int>::max();
  }
  server.shed.enabled = absl::GetFlag(FLAGS_shed_overload);
  const int resets = absl::GetFlag(FLAGS_max_resets_per_second);
  server.max_resets_per_second =
      resets >= 0 ? resets : defaults.max_resets_per_second;
  server.send_timeout = Milliseconds(absl::GetFlag(FLAGS_send_timeout));
  server.memory_quota_bytes =
      static_cast<std::size_t>(settings.sizes.memory_quota_mb.value) << 20;
  server.max_connection_age =
      Milliseconds(absl::GetFlag(FLAGS_max_connection_age));
  server.max_connection_age_grace =
      Milliseconds(absl::GetFlag(FLAGS_max_connection_age_grace));
  server.stall_limit =
      absl::ToChronoNanoseconds(absl::GetFlag(FLAGS_stall_limit));
  settings.log.format = absl::GetFlag(FLAGS_log_format);
  settings.log.level = absl::GetFlag(FLAGS_log_level);
  settings.drain_delay =
      absl::ToChronoNanoseconds(absl::GetFlag(FLAGS_drain_delay));
  settings.drain_timeout =
      absl::ToChronoNanoseconds(absl::GetFlag(FLAGS_drain_timeout));
  settings.port_file = absl::GetFlag(FLAGS_port_file);
  absl::StatusOr<std::shared_ptr<Certificates>> tls = CertificatesFromFlags();
  if (!tls.ok()) return tls.status();
  settings.tls = *std::move(tls);
  absl::StatusOr<SpanSettings> spans =
      SpanSettingsFromFlags(defaults.service_name);
  if (!spans.ok()) return spans.status();
  settings.spans = *std::move(spans);
  settings.channelz = absl::GetFlag(FLAGS_channelz);
  settings.check_config = absl::GetFlag(FLAGS_check_config);
  settings.metrics_listen = defaults.metrics_listen;
  settings.metrics_port_file = absl::GetFlag(FLAGS_metrics_port_file);
  if (!settings.metrics_listen.empty()) {
    checked = CheckFlagListen("metrics_listen", settings.metrics_listen);
    if (!checked.ok()) return checked;
  }
  settings.request_log.sample =
      static_cast<uint32_t>(absl::GetFlag(FLAGS_log_sample));
  settings.request_log.repeats =
      static_cast<uint32_t>(absl::GetFlag(FLAGS_log_repeats));
  return settings;
}

}  // namespace gather::ops
