#include "server/ops/container/sizing.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "absl/strings/str_cat.h"

namespace gather::ops {
namespace {

constexpr int64_t kMb = int64_t{1} << 20;
constexpr int64_t kProgramBytes = 32 * kMb;
constexpr int64_t kRequestBytes = 64 * 1024;
constexpr int64_t kPlenty = 20000;  // requests
constexpr int64_t kLeastQuotaMb = 16;

// What is left beside the program.
int64_t Room(int64_t memory_bytes) {
  return std::max<int64_t>(0, memory_bytes - kProgramBytes);
}

std::string MemoryLimit(int64_t bytes) {
  return absl::StrCat("memory limit of ", bytes / kMb, " MB");
}

// Not std::thread::hardware_concurrency(): of glibc's releases some count the
// machine's.
int UsableCores() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (sched_getaffinity(0, sizeof(cores), &cores) == 0) {
    return std::max(1, CPU_COUNT(&cores));
  }
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

}  // namespace

Resources FindResources() {
  return {.cores = UsableCores(), .cgroup = ReadCgroupLimits()};
}

Sized SizeEventLoops(const Resources& resources) {
  const Sized by_cores = {resources.cores,
                          absl::StrCat(resources.cores, " cores")};
  if (!resources.cgroup.cpus) return by_cores;
  const auto by_quota = std::max(
      int64_t{1}, static_cast<int64_t>(std::ceil(*resources.cgroup.cpus)));
  if (by_quota >= resources.cores) return by_cores;
  return {by_quota, absl::StrCat("CPU quota of ", *resources.cgroup.cpus)};
}

Sized SizeMaxInflight(const Resources& resources, int64_t otherwise) {
  const int64_t wanted = otherwise > 0 ? otherwise : kPlenty;
  if (resources.cgroup.memory_bytes) {
    const int64_t fit = std::max<int64_t>(
        1, Room(*resources.cgroup.memory_bytes) / 16 * 9 / kRequestBytes);
    if (fit < wanted) {
      return {fit, MemoryLimit(*resources.cgroup.memory_bytes)};
    }
  }
  return {otherwise, "default"};
}

Sized SizeMemoryQuotaMb(const Resources& resources, int64_t otherwise) {
  if (resources.cgroup.memory_bytes) {
    const int64_t fit = std::max(
        kLeastQuotaMb, Room(*resources.cgroup.memory_bytes) / 8 * 3 / kMb);
    if (fit < otherwise) {
      return {fit, MemoryLimit(*resources.cgroup.memory_bytes)};
    }
  }
  return {otherwise, "default"};
}

}  // namespace gather::ops
