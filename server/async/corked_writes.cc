#include "server/async/corked_writes.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>

namespace gather::async {
namespace {

// Of a thread's. A socket may be closed, and its number another's, before it is
// flushed: what waited went out with the end, and to flush the other is
// harmless.
struct Cork {
  bool held = false;
  std::size_t sockets = 0;
  std::size_t bytes = 0;
  std::array<int, 64> waiting{};
};

constinit thread_local Cork cork;

// As much as the kernel sends at once: to gather more saves nothing.
constexpr std::size_t kMostBytes = std::size_t{64} * 1024;

}  // namespace

void CorkWrites() noexcept { cork.held = true; }

void FlushWrites() noexcept {
  const int on = 1;
  for (std::size_t i = 0; i < cork.sockets; ++i) {
    // Fails for a Unix socket, which holds nothing back.
    (void)setsockopt(cork.waiting[i], IPPROTO_TCP, TCP_NODELAY, &on,
                     sizeof(on));
  }
  cork.sockets = 0;
  cork.bytes = 0;
}

void UncorkWrites() noexcept {
  FlushWrites();
  cork.held = false;
}

namespace {

ssize_t Send(int socket, const msghdr* message, int flags) noexcept {
  return syscall(SYS_sendmsg, socket, message, flags);
}

[[maybe_unused]] ssize_t SendCorked(int socket, const msghdr* message,
                                    int flags) noexcept {
  if (!cork.held) return Send(socket, message, flags);
  int* const end = cork.waiting.data() + cork.sockets;
  if (std::find(cork.waiting.data(), end, socket) == end) {
    if (cork.sockets == cork.waiting.size()) FlushWrites();
    cork.waiting[cork.sockets++] = socket;
  }
  const ssize_t sent = Send(socket, message, flags | MSG_MORE);
  if (sent > 0) cork.bytes += static_cast<std::size_t>(sent);
  if (cork.bytes >= kMostBytes) {
    const int error = errno;
    FlushWrites();
    errno = error;
  }
  return sent;
}

}  // namespace
}  // namespace gather::async

#ifndef __SANITIZE_THREAD__
extern "C" ssize_t sendmsg(int socket, const msghdr* message, int flags) {
  return gather::async::SendCorked(socket, message, flags);
}
#endif
