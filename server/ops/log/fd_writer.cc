#include "server/ops/log/fd_writer.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

namespace gather::ops {
namespace {

bool IsSocket(int fd) {
  struct stat status = {};
  return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

int MillisecondsUntil(FdWriter::Clock::time_point deadline) {
  using std::chrono::milliseconds;
  if (deadline == FdWriter::Clock::time_point::max()) return -1;
  const auto left =
      std::chrono::ceil<milliseconds>(deadline - FdWriter::Clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, INT_MAX));
}

}  // namespace

FdWriter::FdWriter(int fd)
    : fd_(fcntl(fd, F_DUPFD_CLOEXEC, 0)),
      wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      is_socket_(IsSocket(fd)) {}

FdWriter::~FdWriter() {
  close(fd_);
  close(wake_fd_);
}

bool FdWriter::Write(std::string_view bytes) {
  // A process may be started without a stderr, and poll skips what is no
  // descriptor.
  if (fd_ < 0) return false;
  while (!bytes.empty()) {
    if (!WaitUntilWritable()) return false;
    const ssize_t written = WriteSome(bytes);
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EAGAIN && errno != EINTR) {
      return false;
    }
  }
  return true;
}

bool FdWriter::WriteAtOnce(std::string_view bytes) const {
  pollfd ready = {fd_, POLLOUT, 0};
  return bytes.size() <= PIPE_BUF && poll(&ready, 1, 0) == 1 &&
         WriteSome(bytes) == static_cast<ssize_t>(bytes.size());
}

void FdWriter::StopWaitingAt(Clock::time_point deadline) {
  deadline_ = deadline;
  const std::uint64_t one = 1;
  // Can only fail when the count is full, and then the wake-up is there.
  [[maybe_unused]] const auto written = write(wake_fd_, &one, sizeof(one));
}

bool FdWriter::WaitUntilWritable() const {
  while (true) {
    const Clock::time_point deadline = deadline_;
    const bool ending = deadline != Clock::time_point::max();
    // Once the end is near the wake-up stays readable: don't watch it.
    std::array<pollfd, 2> fds = {pollfd{fd_, POLLOUT, 0},
                                 pollfd{ending ? -1 : wake_fd_, POLLIN, 0}};
    const int ready = poll(fds.data(), fds.size(), MillisecondsUntil(deadline));
    if (ready < 0 && errno != EINTR) return false;
    // An error counts as writable too: the write will tell which it is.
    if (ready > 0 && fds[0].revents != 0) return true;
    if (ready == 0) return false;
  }
}

ssize_t FdWriter::WriteSome(std::string_view bytes) const {
  if (is_socket_) {
    return send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  // A pipe that is ready has room for at least this much.
  const std::size_t size = std::min<std::size_t>(bytes.size(), PIPE_BUF);
  return write(fd_, bytes.data(), size);
}

}  // namespace gather::ops
