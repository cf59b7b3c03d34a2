#ifndef GATHER_SERVER_OPS_CONTAINER_SIZING_H_
#define GATHER_SERVER_OPS_CONTAINER_SIZING_H_

#include <cstdint>
#include <string>

#include "server/ops/container/cgroup.h"

namespace gather::ops {

// What a process may use.
struct Resources {
  int cores = 1;  // that it may run on: its affinity
  CgroupLimits cgroup;
};
Resources FindResources();

// A setting, and what it follows from, for the log: "flag", "default" or the
// limit that it has to fit.
struct Sized {
  int64_t value = 0;
  std::string from;
};

// One loop a core, but no more than there is CPU time for: a thread beyond that
// only has the kernel stop all of them sooner.
Sized SizeEventLoops(const Resources& resources);

// How a server's memory is divided where a cgroup limits it:
//
//   32 MB     the program itself
//   3/8       of the rest: gRPC's buffers, --memory_quota_mb
//   9/16      requests in flight at 64 KB each, --max_inflight
//   1/16      what neither counts
//
// An overview that waits for three backends takes 63 KB. Measured, with the
// figures above, by tests/e2e/small_container.sh.
//
// `otherwise` is the setting where there is no limit, or one with room for it.

// Requests in flight. An `otherwise` of 0 is no limit: it becomes one only
// where there is no room for as many as an aggregator takes, 20,000.
Sized SizeMaxInflight(const Resources& resources, int64_t otherwise);
// In megabytes, at least 16: what gRPC needs to serve at all.
Sized SizeMemoryQuotaMb(const Resources& resources, int64_t otherwise);

// What a server takes, and why so much.
struct ServerSizes {
  Resources resources;
  Sized event_loops;
  Sized max_inflight;
  Sized memory_quota_mb;
};

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_CONTAINER_SIZING_H_
