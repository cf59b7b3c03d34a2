#include "server/rpc/grpc_workarounds/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
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

// "[::1]:80" and "localhost:80" into host and port; an empty port where there
// is none.
std::pair<std::string, std::string> SplitAddress(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) return {address, ""};
  std::string host = address.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  return {host, address.substr(colon + 1)};
}

int PortOf(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                   : reinterpret_cast<sockaddr_in*>(&address)->sin_port);
}

// -1, with errno, where that fails.
int ListenOn(const addrinfo& info, int port, bool v6_only) {
  const int fd =
      socket(info.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = 1;
  const int only = v6_only ? 1 : 0;
  // A server that restarts need not wait for its old connections. Not
  // SO_REUSEPORT: with it, a second server would start on the same port and
  // take half of the connections.
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_storage address{};
  std::copy_n(reinterpret_cast<const char*>(info.ai_addr), info.ai_addrlen,
              reinterpret_cast<char*>(&address));
  if (info.ai_family == AF_INET6) {
    // [::] means IPv4 too, unless that has a socket of its own.
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
    reinterpret_cast<sockaddr_in6*>(&address)->sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in*>(&address)->sin_port = htons(port);
  }
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), info.ai_addrlen) == 0 &&
      listen(fd, SOMAXCONN) == 0) {
    return fd;
  }
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

bool IsShortage(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS ||
         error == ENOMEM;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Open(
    const std::string& address, std::chrono::milliseconds send_timeout) {
  std::unique_ptr<Listener> listener(new Listener(send_timeout));
  const auto [host, port] = SplitAddress(address);
  absl::Status listens = listener->Listen(host, port);
  if (!listens.ok()) return listens;
  listener->stop_fd_ = eventfd(0, EFD_CLOEXEC);
  if (listener->stop_fd_ < 0) return ErrnoStatus("eventfd");
  return listener;
}

absl::Status Listener::Listen(const std::string& host,
                              const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.empty() ? nullptr : host.c_str(),
                                port.c_str(), &hints, &found);
  if (error != 0) return absl::UnavailableError(gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> all(found,
                                                               &freeaddrinfo);
  const sockaddr_in6* first =
      reinterpret_cast<const sockaddr_in6*>(found->ai_addr);
  port_ = ntohs(first->sin6_port);  // where sin_port is too
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    const int fd = ListenOn(*info, port_, /*v6_only=*/!fds_.empty());
    // A machine without IPv6 has names for it all the same.
    if (fd < 0 && errno == EAFNOSUPPORT &&
        (info->ai_next != nullptr || !fds_.empty())) {
      continue;
    }
    if (fd < 0 && errno == EAFNOSUPPORT && host == "::") {
      return Listen("0.0.0.0", port);
    }
    if (fd < 0 && errno == EADDRNOTAVAIL && !fds_.empty()) continue;
    if (fd < 0) return ErrnoStatus("bind");
    fds_.push_back(fd);
    port_ = PortOf(fd);
  }
  return absl::OkStatus();
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
  for (const int fd : fds_) close(fd);
  fds_.clear();
}

void Listener::Run(const OnConnection& on_connection) {
  std::vector<pollfd> polled = {{stop_fd_, POLLIN, 0}};
  for (const int fd : fds_) polled.push_back({fd, POLLIN, 0});
  while (true) {
    poll(polled.data(), polled.size(), -1);
    if (polled[0].revents != 0) return;
    for (std::size_t i = 1; i < polled.size(); ++i) {
      if (polled[i].revents == 0) continue;
      const int fd =
          accept4(polled[i].fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) {
        const int on = 1;
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
