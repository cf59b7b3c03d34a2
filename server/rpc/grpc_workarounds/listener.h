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
#include <utility>

#include "absl/status/statusor.h"
#include "server/rpc/listen_sockets.h"

namespace gather::rpc {

// Accepts connections on a thread of its own, and goes on after the process
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

  // `address` is as in listen_sockets.h. A connection of TCP is ended by the
  // kernel where its other end takes nothing in for `send_timeout`: gRPC would
  // wait for as long as it stands, also for calls that were cancelled
  // meanwhile.
  static absl::StatusOr<std::unique_ptr<Listener>> Open(
      const std::string& address, std::chrono::milliseconds send_timeout);
  // Stops.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  const ListenPlace& place() const { return sockets_.place(); }

  void Start(OnConnection on_connection);

  // Who connects from now on is refused. Once it returns, `on_connection` is
  // not called any more. Idempotent.
  void Stop();

 private:
  Listener(ListenSockets sockets, std::chrono::milliseconds send_timeout)
      : send_timeout_ms_(static_cast<unsigned>(send_timeout.count())),
        sockets_(std::move(sockets)) {}
  void Run(const OnConnection& on_connection);

  const unsigned send_timeout_ms_;
  ListenSockets sockets_;
  int stop_fd_ = -1;  // readable once it is to stop
  std::thread thread_;
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_GRPC_WORKAROUNDS_LISTENER_H_
