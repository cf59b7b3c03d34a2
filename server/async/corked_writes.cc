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
#include <cstring>

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

// A message with its small pieces side by side. gRPC writes what a call has to
// say in six or more, of some 20 bytes; the kernel fetches each by itself, and
// where they are more than eight, needs memory for their list first.
class Joined {
 public:
  explicit Joined(const msghdr& message) : message_(message) {
    std::size_t pieces = 0;
    std::size_t bytes = 0;
    bool open = false;  // the last piece ends where bytes_ does
    for (std::size_t i = 0; i < message.msg_iovlen; ++i) {
      const iovec& piece = message.msg_iov[i];
      if (piece.iov_len == 0) continue;  // and may be null
      const bool small =
          piece.iov_len <= kSmall && bytes + piece.iov_len <= bytes_.size();
      if (!small || !open) {
        if (pieces == pieces_.size()) return;  // sent as it was
        pieces_[pieces++] = small ? iovec{bytes_.data() + bytes, 0} : piece;
      }
      open = small;
      if (!small) continue;
      std::memcpy(bytes_.data() + bytes, piece.iov_base, piece.iov_len);
      bytes += piece.iov_len;
      pieces_[pieces - 1].iov_len += piece.iov_len;
    }
    message_.msg_iov = pieces_.data();
    message_.msg_iovlen = pieces;
  }
  Joined(const Joined&) = delete;
  Joined& operator=(const Joined&) = delete;

  const msghdr* message() const { return &message_; }

 private:
  static constexpr std::size_t kSmall = 128;

  msghdr message_;
  std::array<iovec, 16> pieces_;
  std::array<char, 1024> bytes_;
};

[[maybe_unused]] ssize_t SendCorked(int socket, const msghdr* message,
                                    int flags) noexcept {
  if (!cork.held) return Send(socket, message, flags);
  int* const end = cork.waiting.data() + cork.sockets;
  if (std::find(cork.waiting.data(), end, socket) == end) {
    if (cork.sockets == cork.waiting.size()) FlushWrites();
    cork.waiting[cork.sockets++] = socket;
  }
  const Joined joined(*message);
  const ssize_t sent = Send(socket, joined.message(), flags | MSG_MORE);
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
