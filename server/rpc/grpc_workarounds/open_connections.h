#ifndef GATHER_SERVER_RPC_GRPC_WORKAROUNDS_OPEN_CONNECTIONS_H_
#define GATHER_SERVER_RPC_GRPC_WORKAROUNDS_OPEN_CONNECTIONS_H_

// Works around a lack of all of gRPC so far: a server can neither count its
// connections nor end one. Can go once grpc::Server has an interface for that.

#include <dirent.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/rpc/listen_sockets.h"

namespace gather::rpc {

// What gRPC does not say of the sockets that it opens for a server. Linux only:
// the process's own descriptors are looked through. That needs no new one, so
// it works also where they have run out.
//
// Thread: any.
class OpenConnections {
 public:
  // UNAVAILABLE where the descriptors can't be seen.
  static absl::StatusOr<std::unique_ptr<OpenConnections>> Open();
  ~OpenConnections();
  OpenConnections(const OpenConnections&) = delete;
  OpenConnections& operator=(const OpenConnections&) = delete;

  // How many connections that were accepted there are open.
  int CountConnections(const ListenPlace& place);

  // Ends the connection that was accepted there from `peer`, which is
  // as grpc::ServerContext::peer() has it, such as "ipv4:10.0.0.1:34567":
  // neither side can send or receive any more. False where there is none, also
  // where `peer` names no TCP peer: those of a Unix socket have no names.
  bool EndConnection(const ListenPlace& place, const std::string& peer);
  // The same for all that were accepted there.
  void EndConnections(const ListenPlace& place);

 private:
  struct Close {
    void operator()(DIR* directory) const { closedir(directory); }
  };

  OpenConnections() = default;
  std::vector<int> OpenDescriptors();
  // Ends connections that were accepted there, those whose peer has that name
  // or all; how many.
  int End(const ListenPlace& place, const std::optional<std::string>& peer);

  std::mutex mutex_;  // of all below
  std::unique_ptr<DIR, Close> directory_;
  // A descriptor of our own for what another one refers to: gRPC may close that
  // at any time, and its number may then be another connection's.
  int own_ = -1;
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_GRPC_WORKAROUNDS_OPEN_CONNECTIONS_H_
