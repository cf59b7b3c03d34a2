#include "server/ops/grpc_workarounds/memory_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace gather::ops {
namespace {

bool WriteAll(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

MemoryFile::~MemoryFile() {
  if (fd_ >= 0) close(fd_);
}

absl::Status MemoryFile::Write(std::string_view content) {
  const int fd = memfd_create("gather", MFD_CLOEXEC);
  const long modified =
      std::max(modified_ + 1, static_cast<long>(std::time(nullptr)));
  const timespec times[2] = {{.tv_sec = modified, .tv_nsec = 0},
                             {.tv_sec = modified, .tv_nsec = 0}};
  bool done = fd >= 0 && WriteAll(fd, content) && futimens(fd, times) == 0;
  if (done && fd_ >= 0) done = dup3(fd, fd_, O_CLOEXEC) >= 0;
  if (!done) {
    const int error = errno;
    if (fd >= 0) close(fd);
    return absl::ResourceExhaustedError(
        absl::StrCat("can't keep a file in memory: ",
                     std::generic_category().message(error)));
  }
  modified_ = modified;
  if (fd_ < 0) {
    fd_ = fd;
  } else {
    close(fd);
  }
  return absl::OkStatus();
}

std::string MemoryFile::path() const {
  return fd_ < 0 ? "" : absl::StrCat("/proc/self/fd/", fd_);
}

}  // namespace gather::ops
