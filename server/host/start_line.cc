#include "server/host/start_line.h"

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/ops/flags/parse_flags.h"

namespace gather::host {

void LogStart(const AggregatorSettings& settings, const BackendFlags& backends,
              ops::Logger& logger) {
  const std::string version = ops::VersionText();
  const fanout::Settings& fan_out = settings.fan_out;
  std::vector<ops::Field> fields = {
      {"version", version},
      {"section_timeout", absl::FromChrono(fan_out.policy.section_timeout)},
      {"total_timeout", absl::FromChrono(fan_out.total_timeout)},
      {"soft_timeout", absl::FromChrono(fan_out.soft_timeout)},
      {"max_attempts", fan_out.policy.retry.max_attempts},
      {"max_inflight", settings.server.server.max_inflight},
      {"max_reply_bytes", settings.channel.max_reply_bytes}};
  if (!settings.policies_file.empty()) {
    fields.emplace_back("policies", settings.policies_file);
  }
  // As the flags are called: user_target, user_tls, order_target and so on.
  for (const ops::TextFlag& flag : backends.flags()) {
    if (!flag.value.empty()) fields.emplace_back(flag.name, flag.value);
  }
  logger.Log(ops::LogLevel::kInfo, "starting", fields);
}

}  // namespace gather::host
