#ifndef GATHER_SERVER_OPS_CONTAINER_CGROUP_H_
#define GATHER_SERVER_OPS_CONTAINER_CGROUP_H_

#include <cstdint>
#include <filesystem>
#include <optional>

namespace gather::ops {

// What the kernel lets this process have, as a container's limits: the tightest
// of its own cgroup and those around it, as far as they can be seen. None where
// there is no limit, or nothing that can be read.
struct CgroupLimits {
  std::optional<double> cpus;  // CPU time, in seconds of it a second
  std::optional<int64_t> memory_bytes;
};

// The limits of the process that /proc/self says is this one: of cgroup v2, v1,
// or the two side by side. All paths are looked up below `root`, for tests.
//
// Sources: cgroups(7), and Documentation/admin-guide/cgroup-v2.rst and
// cgroup-v1/memory.rst of the kernel for the files.
CgroupLimits ReadCgroupLimits(const std::filesystem::path& root = "/");

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_CONTAINER_CGROUP_H_
