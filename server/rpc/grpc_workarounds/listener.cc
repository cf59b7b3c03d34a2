#include "server/rpc/grpc_workarounds/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gather::rpc {
namespace {

// How long the listener waits where accept(2) lacks something that only time
// gives back.
constexpr int kBackOffMs = 100;

absl::Status ErrnoStatus(const std::string& what) {
  return absl::UnavailableError(
      absl::StrCat(what, ": ", std::generic_category().message(errno).c_str()));
}

bool IsShortage(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS ||
         error == ENOMEM;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Open(
    const std::string& address, std::chrono::milliseconds send_timeout) {
  absl::StatusOr<ListenSockets> sockets = ListenSockets::Open(address);
  if (!sockets.ok()) return sockets.status();
  std::unique_ptr<Listener> listener(
      new Listener(*std::move(sockets), send_timeout));
  listener->stop_fd_ = eventfd(0, EFD_CLOEXEC);
  if (listener->stop_fd_ < 0) return ErrnoStatus("eventfd");
  return listener;
}

Listener::~Listener() {
  Stop();
  if (stop_fd_ >= 0) close(stop_fd_);
}

void Listener::Start(OnConnection on_connection) {
  thread_ = std::thread(
      [this, on_connection = std::move(on_connection)] { Run(on_connection); });
}

void Listener::Stop() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    (void)!write(stop_fd_, &one, sizeof(one));
    thread_.join();
  }
  sockets_.Close();
}

void Listener::Run(const OnConnection& on_connection) {
  std::vector<pollfd> polled = {{stop_fd_, POLLIN, 0}};
  for (const int fd : sockets_.fds()) polled.push_back({fd, POLLIN, 0});
  while (true) {
    poll(polled.data(), polled.size(), -1);
    if (polled[0].revents != 0) return;
    for (std::size_t i = 1; i < polled.size(); ++i) {
      if (polled[i].revents == 0) continue;
      const int fd =
          accept4(polled[i].fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) {
        const int on = 1;  // these two are none of a Unix socket's
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &send_timeout_ms_,
                   sizeof(send_timeout_ms_));
        on_connection(polled[i].fd, fd);
      } else if (IsShortage(errno)) {
        // The connection stays where it is, and would be ready again at once.
        poll(polled.data(), 1, kBackOffMs);
      } else if (errno == EINVAL || errno == EBADF || errno == ENOTSOCK) {
        polled[i].fd = -1;  // listens no more: poll passes over it
      }
    }
  }
}

}  // namespace gather::rpc
