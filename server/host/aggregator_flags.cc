#include "server/host/aggregator_flags.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/declare.h"
#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/fanout/policy/policies_file.h"
#include "server/host/channel_flags.h"
#include "server/ops/flags/parse_flags.h"
#include "server/ops/flags/server_flags.h"

ABSL_DECLARE_FLAG(std::string, metrics_listen);  // metrics_flag.cc

ABSL_FLAG(absl::Duration, section_timeout, absl::Seconds(3),
          "how long one section's call may take");
ABSL_FLAG(absl::Duration, total_timeout, absl::Seconds(5),
          "how long a request may take whose caller set no deadline, from when "
          "it is begun");
ABSL_FLAG(absl::Duration, soft_timeout, absl::ZeroDuration(),
          "from when on a request that says nothing of it is answered with the "
          "sections that are there, if every required one is; 0 is never");
ABSL_FLAG(int, max_answer_bytes, 4 << 20,
          "the largest message that callers take; where an answer would be "
          "larger, its largest sections fail with REPLY_TOO_LARGE");
ABSL_FLAG(int, max_attempts, 3,
          "how often a backend is called at most where it says UNAVAILABLE, or "
          "is silent for far longer than calls take");
ABSL_FLAG(
    std::string, policies, "",
    "JSON file of gather.fanout.v1.Policies: timeout, concurrency limit, "
    "circuit breaker, retries, hedging, coalescing and stale answers, of all "
    "sections and of each");

ABSL_FLAG(bool, start_traces, false,
          "send the trace that a call is given here, where its caller sent "
          "none, on to the backends, whose logs then have it, too");
ABSL_FLAG(std::vector<std::string>, forward_metadata, {},
          "comma-separated keys of a request's metadata that go on to the "
          "backends; nothing else does");

namespace gather::host {
namespace {

// A lost packet is sent again after a second; gRPC's own default is the other.
constexpr std::chrono::milliseconds kShortestConnectTimeout(1500);
constexpr std::chrono::milliseconds kLongestConnectTimeout(20000);

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

// The policies of each section, where there is a file of them.
absl::Status LoadPolicies(const std::string& path,
                          const fanout::Catalog& catalog,
                          fanout::Settings& fan_out) {
  if (path.empty()) return absl::OkStatus();
  std::vector<std::string> names;
  for (const fanout::SectionInfo& section : catalog.sections) {
    names.push_back(section.name);
  }
  auto loaded = fanout::LoadPolicies(path, names, fan_out.policy);
  if (!loaded.ok()) {
    return ops::FlagError("policies", std::string(loaded.status().message()));
  }
  fan_out.section_policies = *std::move(loaded);
  return absl::OkStatus();
}

std::string LongerThanTotal(const std::string& what,
                            std::chrono::nanoseconds is,
                            std::chrono::nanoseconds total) {
  return absl::StrCat(what, absl::FormatDuration(absl::FromChrono(is)),
                      " is longer than --total_timeout=",
                      absl::FormatDuration(absl::FromChrono(total)),
                      ", which ends it for a caller without a deadline");
}

// Of timeouts that most callers will never see.
void WarnOfTimeouts(const fanout::Settings& fan_out,
                    std::vector<std::string>& warnings) {
  const std::chrono::nanoseconds total = fan_out.total_timeout;
  const std::chrono::nanoseconds by_flag = fan_out.policy.section_timeout;
  if (by_flag > total) {
    warnings.push_back(LongerThanTotal("--section_timeout=", by_flag, total));
  }
  for (const auto& [section, policy] : fan_out.section_policies) {
    const std::chrono::nanoseconds timeout = policy.section_timeout;
    if (timeout > total && timeout != by_flag) {
      warnings.push_back(LongerThanTotal(
          absl::StrCat("--policies: ", section, ": timeout "), timeout, total));
    }
  }
}

absl::Status CheckFlags() {
  for (const absl::Status& check :
       {ops::CheckFlagPositive("section_timeout",
                               absl::GetFlag(FLAGS_section_timeout)),
        ops::CheckFlagPositive("total_timeout",
                               absl::GetFlag(FLAGS_total_timeout)),
        ops::CheckFlagNotNegative("soft_timeout",
                                  absl::GetFlag(FLAGS_soft_timeout)),
        ops::CheckFlagRange("max_answer_bytes",
                            absl::GetFlag(FLAGS_max_answer_bytes), 1 << 16,
                            1 << 30),
        ops::CheckFlagRange("max_attempts", absl::GetFlag(FLAGS_max_attempts),
                            1, 10)}) {
    if (!check.ok()) return check;
  }
  for (const std::string& key : absl::GetFlag(FLAGS_forward_metadata)) {
    absl::Status checked = CheckForwardedKey(key);
    if (!checked.ok()) return checked;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<AggregatorSettings> AggregatorSettingsFromFlags(
    const fanout::Catalog& catalog) {
  absl::StatusOr<ops::ServerSettings> server = ops::ServerSettingsFromFlags(
      {.listen = "[::]:50051",
       .max_inflight = 20000,
       .metrics_listen = absl::GetFlag(FLAGS_metrics_listen)});
  if (!server.ok()) return server.status();
  absl::Status checked = CheckFlags();
  if (!checked.ok()) return checked;
  absl::StatusOr<rpc::ChannelOptions> channel = ChannelOptionsFromFlags();
  if (!channel.ok()) return channel.status();
  const absl::StatusOr<int> connections = ConnectionsPerBackendFromFlags();
  if (!connections.ok()) return connections.status();
  AggregatorSettings settings;
  settings.server = *std::move(server);
  settings.channel = *channel;
  settings.connections_per_backend = *connections;
  fanout::Settings& fan_out = settings.fan_out;
  fan_out.total_timeout =
      absl::ToChronoNanoseconds(absl::GetFlag(FLAGS_total_timeout));
  fan_out.soft_timeout =
      absl::ToChronoNanoseconds(absl::GetFlag(FLAGS_soft_timeout));
  fan_out.max_answer_bytes =
      static_cast<std::size_t>(absl::GetFlag(FLAGS_max_answer_bytes));
  fan_out.policy.section_timeout =
      absl::ToChronoNanoseconds(absl::GetFlag(FLAGS_section_timeout));
  fan_out.policy.retry.max_attempts = absl::GetFlag(FLAGS_max_attempts);
  // Past what the server takes a limit would mean nothing.
  const int64_t max_inflight = settings.server.server.max_inflight;
  if (max_inflight > 0) {
    fan_out.policy.limit.maximum = static_cast<int>(
        std::min<int64_t>(max_inflight, fan_out.policy.limit.maximum));
  }
  settings.policies_file = absl::GetFlag(FLAGS_policies);
  absl::Status loaded = LoadPolicies(settings.policies_file, catalog, fan_out);
  if (!loaded.ok()) return loaded;
  WarnOfTimeouts(fan_out, settings.server.warnings);
  fan_out.start_traces = absl::GetFlag(FLAGS_start_traces) ||
                         !settings.server.spans.target.empty();
  fan_out.forwarded_keys = absl::GetFlag(FLAGS_forward_metadata);
  // No call waits for longer.
  settings.channel.connect_timeout =
      std::clamp(std::chrono::duration_cast<std::chrono::milliseconds>(
                     fan_out.policy.section_timeout),
                 kShortestConnectTimeout, kLongestConnectTimeout);
  return settings;
}

}  // namespace gather::host
