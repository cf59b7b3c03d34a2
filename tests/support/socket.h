#ifndef GATHER_TESTS_SUPPORT_SOCKET_H_
#define GATHER_TESTS_SUPPORT_SOCKET_H_

#include <utility>

namespace gather::testing {

// A TCP socket on 127.0.0.1, closed when it goes; -1 is none.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket();

  // Bound to a free port, but not listening: connections are refused. A gRPC
  // server can listen there all the same, since both set SO_REUSEPORT, and
  // nobody else gets the port before or after it.
  static Socket Reserve();

  // Connected to the port; none where the connection is refused.
  static Socket Connect(int port);

  // The number of the port that it is bound to.
  int port() const;

  // Another handle on the same socket, which whoever gets it must close; set to
  // non-blocking, as gRPC wants it.
  int Share() const;

  // Cuts the connection for every handle on it.
  void Cut() const;

  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

}  // namespace gather::testing

#endif  // GATHER_TESTS_SUPPORT_SOCKET_H_
