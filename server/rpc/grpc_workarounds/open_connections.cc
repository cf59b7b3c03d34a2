#include "server/rpc/grpc_workarounds/open_connections.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <system_error>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace gather::rpc {
namespace {

using GetName = int (*)(int, sockaddr*, socklen_t*);

// An end of a connection: "ipv4:10.0.0.1:80" or "ipv6:::1:80", with no
// brackets; for a Unix socket, its path alone. Empty where `fd` is no such
// socket, or has no such end.
struct End {
  std::string name;
  int port = -1;
  std::string path;
};

End EndOf(int fd, GetName get_name) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (get_name(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) {
    return {};
  }
  char text[INET6_ADDRSTRLEN] = {};
  if (storage.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
    inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
    const int port = ntohs(v4->sin_port);
    return {absl::StrCat("ipv4:", text, ":", port), port, ""};
  }
  if (storage.ss_family == AF_UNIX) {
    return {"", -1, reinterpret_cast<const sockaddr_un*>(&storage)->sun_path};
  }
  if (storage.ss_family != AF_INET6) return {};
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
  const int port = ntohs(v6->sin6_port);
  if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
    inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], text, sizeof(text));
    return {absl::StrCat("ipv4:", text, ":", port), port, ""};
  }
  inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
  return {absl::StrCat("ipv6:", text, ":", port), port, ""};
}

// Whether this end of it is there.
bool IsAt(int fd, const ListenPlace& place) {
  const End end = EndOf(fd, getsockname);
  return place.path.empty() ? end.port == place.port : end.path == place.path;
}

bool IsListening(int fd) {
  int listening = 0;
  socklen_t size = sizeof(listening);
  return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 &&
         listening != 0;
}

// As EndOf() has it. gRPC's releases differ in how they write brackets, and it
// gives the interface of a link-local address, "%2", or "%252" for short.
std::string NameOf(const std::string& peer) {
  std::string name = absl::StrReplaceAll(
      peer, {{"%5B", ""}, {"%5D", ""}, {"[", ""}, {"]", ""}});
  const std::size_t zone = name.find('%');
  if (zone != std::string::npos) name.erase(zone, name.rfind(':') - zone);
  return name;
}

}  // namespace

absl::StatusOr<std::unique_ptr<OpenConnections>> OpenConnections::Open() {
  std::unique_ptr<OpenConnections> sockets(new OpenConnections);
  sockets->directory_.reset(opendir("/proc/self/fd"));
  if (sockets->directory_ != nullptr) {
    sockets->own_ = fcntl(dirfd(sockets->directory_.get()), F_DUPFD_CLOEXEC, 0);
  }
  if (sockets->own_ < 0) {
    return absl::UnavailableError(
        absl::StrCat("can't look through /proc/self/fd: ",
                     std::generic_category().message(errno).c_str()));
  }
  return sockets;
}

OpenConnections::~OpenConnections() {
  if (own_ >= 0) close(own_);
}

std::vector<int> OpenConnections::OpenDescriptors() {
  std::vector<int> fds;
  rewinddir(directory_.get());
  while (const dirent* entry = readdir(directory_.get())) {
    int fd = -1;
    if (absl::SimpleAtoi(entry->d_name, &fd) && fd != own_) fds.push_back(fd);
  }
  return fds;
}

int OpenConnections::CountConnections(const ListenPlace& place) {
  const std::lock_guard lock(mutex_);
  int count = 0;
  for (const int fd : OpenDescriptors()) {
    if (IsAt(fd, place) && !IsListening(fd)) ++count;
  }
  return count;
}

bool OpenConnections::EndConnection(const ListenPlace& place,
                                    const std::string& peer) {
  return End(place, NameOf(peer)) > 0;
}

void OpenConnections::EndConnections(const ListenPlace& place) {
  (void)End(place, std::nullopt);
}

int OpenConnections::End(const ListenPlace& place,
                         const std::optional<std::string>& peer) {
  const std::lock_guard lock(mutex_);
  int ended = 0;
  for (const int open : OpenDescriptors()) {
    if (dup3(open, own_, O_CLOEXEC) < 0) continue;
    if (!IsAt(own_, place) || IsListening(own_)) continue;
    if (peer && EndOf(own_, getpeername).name != *peer) continue;
    shutdown(own_, SHUT_RDWR);
    ++ended;
  }
  // It must not keep a connection open.
  dup3(dirfd(directory_.get()), own_, O_CLOEXEC);
  return ended;
}

}  // namespace gather::rpc
