#ifndef GATHER_SERVER_RPC_GRPC_WORKAROUNDS_LISTENER_H_
#define GATHER_SERVER_RPC_GRPC_WORKAROUNDS_LISTENER_H_

// Works around gRPC before 1.57, whose listener stops at the first accept(2)
// that fails (https://github.com/grpc/grpc/pull/33656). With a later one this
// file can go, if TCP_USER_TIMEOUT is set on accepted connections in another
// way.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace gather::rpc {

// Accepts TCP connections on a thread of its own, and goes on after the process
// ran out of descriptors: gRPC's own listener stops for good at the first
// accept(2) that fails with EMFILE.
//
//   absl::StatusOr<std::unique_ptr<Listener>> listener =
//       Listener::Open("[::]:50051", 30s);
//   (*listener)->Start([&](int listener_fd, int fd) { ... });
//
// Connections that come between Open() and Start() wait in the kernel.
// Thread: one; `on_connection` is called on the listener's own.
class Listener {
 public:
  // Takes ownership of `fd`, a connected socket that does not block.
  using OnConnection = std::function<void(int listener_fd, int fd)>;

  // `address` is "host:port" or "[host]:port"; all addresses of the host are
  // listened on; port 0 takes a free one. An address in use is an error, also
  // where another process shares its port. A connection is ended by the kernel
  // where its other end takes nothing in for `send_timeout`: gRPC would wait
  // for as long as it stands, also for calls that were cancelled meanwhile.
  static absl::StatusOr<std::unique_ptr<Listener>> Open(
      const std::string& address, std::chrono::milliseconds send_timeout);
  // Stops.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int port() const { return port_; }

  void Start(OnConnection on_connection);

  // Who connects from now on is refused. Once it returns, `on_connection` is
  // not called any more. Idempotent.
  void Stop();

 private:
  explicit Listener(std::chrono::milliseconds send_timeout)
      : send_timeout_ms_(static_cast<unsigned>(send_timeout.count())) {}
  absl::Status Listen(const std::string& host, const std::string& port);
  void Run(const OnConnection& on_connection);

  const unsigned send_timeout_ms_;
  std::vector<int> fds_;
  int stop_fd_ = -1;  // readable once it is to stop
  int port_ = 0;
  std::thread thread_;
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_GRPC_WORKAROUNDS_LISTENER_H_
