#include "server/rpc/sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace gather::rpc {
namespace {

std::vector<int> OpenDescriptors() {
  std::vector<int> fds;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", error), end;
       !error && entry != end; entry.increment(error)) {
    fds.push_back(std::atoi(entry->path().filename().c_str()));
  }
  return fds;
}

using GetName = int (*)(int, sockaddr*, socklen_t*);

// An end of a connection: "ipv4:10.0.0.1:80" or "ipv6:::1:80", with no
// brackets; empty where `fd` is no TCP socket, or has no such end.
struct End {
  std::string name;
  int port = -1;
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
    return {absl::StrCat("ipv4:", text, ":", port), port};
  }
  if (storage.ss_family != AF_INET6) return {};
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
  const int port = ntohs(v6->sin6_port);
  if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
    inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], text, sizeof(text));
    return {absl::StrCat("ipv4:", text, ":", port), port};
  }
  inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
  return {absl::StrCat("ipv6:", text, ":", port), port};
}

bool IsListening(int fd) {
  int listening = 0;
  socklen_t size = sizeof(listening);
  return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 &&
         listening != 0;
}

}  // namespace

int CountConnections(int port) {
  int count = 0;
  for (const int fd : OpenDescriptors()) {
    if (EndOf(fd, getsockname).port == port && !IsListening(fd)) ++count;
  }
  return count;
}

bool EndConnection(int port, const std::string& peer) {
  // As gRPC's releases differ in how they write brackets.
  const std::string name = absl::StrReplaceAll(
      peer, {{"%5B", ""}, {"%5D", ""}, {"[", ""}, {"]", ""}});
  for (const int open : OpenDescriptors()) {
    // Of our own: gRPC may close the other at any time, and its number may then
    // be another connection's.
    const int fd = fcntl(open, F_DUPFD_CLOEXEC, 0);
    if (fd < 0) continue;
    const bool found = EndOf(fd, getsockname).port == port &&
                       EndOf(fd, getpeername).name == name;
    if (found) shutdown(fd, SHUT_RDWR);
    close(fd);
    if (found) return true;
  }
  return false;
}

}  // namespace gather::rpc
