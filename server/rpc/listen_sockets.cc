#include "server/rpc/listen_sockets.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gather::rpc {
namespace {

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

int UnixSocket() {
  return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

// Whether the file is a socket whose server is gone without removing it.
bool IsStale(const sockaddr_un& address) {
  struct stat file{};
  if (lstat(address.sun_path, &file) != 0 || !S_ISSOCK(file.st_mode)) {
    return false;
  }
  const int fd = UnixSocket();
  const bool refused = fd >= 0 &&
                       connect(fd, reinterpret_cast<const sockaddr*>(&address),
                               sizeof(address)) != 0 &&
                       errno == ECONNREFUSED;
  if (fd >= 0) close(fd);
  return refused;
}

ino_t InodeOf(const std::string& path) {
  struct stat file{};
  return lstat(path.c_str(), &file) == 0 ? file.st_ino : 0;
}

}  // namespace

absl::StatusOr<ListenSockets> ListenSockets::Open(const std::string& address) {
  constexpr char kUnix[] = "unix:";
  ListenSockets sockets;
  absl::Status listens;
  if (address.rfind(kUnix, 0) == 0) {
    std::string path = address.substr(sizeof(kUnix) - 1);
    if (path.rfind("///", 0) == 0) path.erase(0, 2);
    listens = sockets.ListenUnix(path);
  } else {
    const auto [host, port] = SplitAddress(address);
    listens = sockets.ListenTcp(host, port);
  }
  if (!listens.ok()) return listens;
  return sockets;
}

ListenSockets::ListenSockets(ListenSockets&& other) noexcept
    : fds_(std::exchange(other.fds_, {})),
      place_(std::exchange(other.place_, {})),
      inode_(std::exchange(other.inode_, 0)) {}

ListenSockets::~ListenSockets() { Close(); }

void ListenSockets::Close() {
  for (const int fd : fds_) close(fd);
  fds_.clear();
  if (inode_ != 0 && InodeOf(place_.path) == inode_) {
    unlink(place_.path.c_str());
  }
  inode_ = 0;
}

absl::Status ListenSockets::ListenTcp(const std::string& host,
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
  place_.port = ntohs(first->sin6_port);  // where sin_port is too
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    const int fd = ListenOn(*info, place_.port, /*v6_only=*/!fds_.empty());
    // A machine without IPv6 has names for it all the same.
    if (fd < 0 && errno == EAFNOSUPPORT &&
        (info->ai_next != nullptr || !fds_.empty())) {
      continue;
    }
    if (fd < 0 && errno == EAFNOSUPPORT && host == "::") {
      return ListenTcp("0.0.0.0", port);
    }
    if (fd < 0 && errno == EADDRNOTAVAIL && !fds_.empty()) continue;
    if (fd < 0) return ErrnoStatus("bind");
    fds_.push_back(fd);
    place_.port = PortOf(fd);
  }
  return absl::OkStatus();
}

absl::Status ListenSockets::ListenUnix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return absl::UnavailableError("its path is empty, or too long");
  }
  std::copy(path.begin(), path.end(), address.sun_path);
  const int fd = UnixSocket();
  if (fd < 0) return ErrnoStatus("socket");
  fds_.push_back(fd);
  const auto bound = [&] {
    return bind(fd, reinterpret_cast<const sockaddr*>(&address),
                sizeof(address)) == 0;
  };
  if (!bound()) {
    if (errno != EADDRINUSE || !IsStale(address)) return ErrnoStatus("bind");
    unlink(path.c_str());
    if (!bound()) return ErrnoStatus("bind");
  }
  place_.path = path;
  inode_ = InodeOf(path);
  return listen(fd, SOMAXCONN) == 0 ? absl::OkStatus() : ErrnoStatus("listen");
}

}  // namespace gather::rpc
