#ifndef GATHER_SERVER_OPS_GRPC_WORKAROUNDS_MEMORY_FILE_H_
#define GATHER_SERVER_OPS_GRPC_WORKAROUNDS_MEMORY_FILE_H_

// Works around gRPC before 1.66: the only provider of certificates that are
// reloaded reads files. Can go where grpc/experimental's in-memory provider can
// be updated, as that of later versions can.

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace gather::ops {

// A file in memory alone, for a reader in this process that wants a path. Its
// content changes at once: who opens it gets the old or the new, never a mix,
// and each content has a time of modification, in whole seconds, of its own.
//
// Thread: one changes it; any opens it. Lifetime: outlives who may open it.
class MemoryFile {
 public:
  MemoryFile() = default;
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  // RESOURCE_EXHAUSTED where the system has no more descriptors or memory; the
  // content is what it was.
  absl::Status Write(std::string_view content);

  // What to open; "" before the first Write().
  std::string path() const;

 private:
  int fd_ = -1;
  long modified_ = 0;
};

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_GRPC_WORKAROUNDS_MEMORY_FILE_H_
