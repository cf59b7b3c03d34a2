#include "tests/support/socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>

namespace gather::testing {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int NewSocket() { return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }

}  // namespace

Socket::~Socket() {
  if (fd_ >= 0) close(fd_);
}

Socket Socket::Reserve() {
  Socket reserved(NewSocket());
  const int on = 1;
  EXPECT_EQ(setsockopt(reserved.fd_, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)),
            0);
  const sockaddr_in any = Loopback(0);
  EXPECT_EQ(
      bind(reserved.fd_, reinterpret_cast<const sockaddr*>(&any), sizeof(any)),
      0);
  return reserved;
}

Socket Socket::Connect(int port) {
  Socket socket(NewSocket());
  const sockaddr_in there = Loopback(port);
  if (connect(socket.fd_, reinterpret_cast<const sockaddr*>(&there),
              sizeof(there)) != 0) {
    return Socket(-1);
  }
  return socket;
}

int Socket::port() const {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  return ntohs(address.sin_port);
}

int Socket::Share() const {
  const int shared = fcntl(fd_, F_DUPFD_CLOEXEC, 0);
  EXPECT_GE(shared, 0);
  fcntl(shared, F_SETFL, fcntl(shared, F_GETFL) | O_NONBLOCK);
  return shared;
}

void Socket::Cut() const { shutdown(fd_, SHUT_RDWR); }

}  // namespace gather::testing
