#ifndef GATHER_SERVER_RPC_LISTEN_SOCKETS_H_
#define GATHER_SERVER_RPC_LISTEN_SOCKETS_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace gather::rpc {

// What connections were accepted on, as getsockname(2) tells it of them.
struct ListenPlace {
  int port = 0;           // of TCP; 0 where it is a file
  std::string path = {};  // of a Unix socket
};

// Sockets that listen on one address, for whoever accepts on them; they do not
// block.
//
// Thread: one.
class ListenSockets {
 public:
  // `address` is "host:port", "[host]:port" or "unix:/path". All addresses of
  // the host are listened on, [::] is those of IPv4, too, and port 0 takes a
  // free one. A socket file that nobody listens on any more is replaced.
  // UNAVAILABLE where it can't listen there: an address in use is an error,
  // also where another process shares its port.
  static absl::StatusOr<ListenSockets> Open(const std::string& address);
  ListenSockets(ListenSockets&& other) noexcept;
  ListenSockets& operator=(ListenSockets&&) = delete;
  // Closes.
  ~ListenSockets();

  const std::vector<int>& fds() const { return fds_; }
  const ListenPlace& place() const { return place_; }

  // From now on the address is free for others; removes the socket file, unless
  // it is another's by now. Idempotent.
  void Close();

 private:
  ListenSockets() = default;
  absl::Status ListenTcp(const std::string& host, const std::string& port);
  absl::Status ListenUnix(const std::string& path);

  std::vector<int> fds_;
  ListenPlace place_;
  ino_t inode_ = 0;  // of the socket file
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_LISTEN_SOCKETS_H_
