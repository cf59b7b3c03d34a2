#include "server/rpc/sockets.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <vector>

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

// The port that `fd` is bound to, -1 where it is no TCP socket.
int LocalPort(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (getsockname(fd, any, &size) != 0) return -1;
  if (address.ss_family == AF_INET) {
    return ntohs(reinterpret_cast<sockaddr_in*>(&address)->sin_port);
  }
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<sockaddr_in6*>(&address)->sin6_port);
  }
  return -1;
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
    if (LocalPort(fd) == port && !IsListening(fd)) ++count;
  }
  return count;
}

}  // namespace gather::rpc
