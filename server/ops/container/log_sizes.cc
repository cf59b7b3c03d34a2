#include "server/ops/container/log_sizes.h"

#include <string_view>
#include <vector>

namespace gather::ops {

void LogSizes(const ServerSizes& sizes, Logger& logger) {
  const CgroupLimits& limits = sizes.resources.cgroup;
  std::vector<Field> fields = {
      {"event_loops", sizes.event_loops.value},
      {"event_loops_from", std::string_view(sizes.event_loops.from)},
      {"max_inflight", sizes.max_inflight.value},
      {"max_inflight_from", std::string_view(sizes.max_inflight.from)},
      {"memory_quota_mb", sizes.memory_quota_mb.value},
      {"memory_quota_from", std::string_view(sizes.memory_quota_mb.from)},
      {"cores", sizes.resources.cores}};
  if (limits.cpus) fields.emplace_back("cpu_quota", *limits.cpus);
  if (limits.memory_bytes) {
    fields.emplace_back("memory_limit_mb", *limits.memory_bytes >> 20);
  }
  logger.Log(LogLevel::kInfo, "sized", fields);
}

}  // namespace gather::ops
