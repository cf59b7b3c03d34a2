#ifndef GATHER_SERVER_RPC_GRPC_WORKAROUNDS_CHANNELZ_H_
#define GATHER_SERVER_RPC_GRPC_WORKAROUNDS_CHANNELZ_H_

// What reset_guard.h and half_sent.h read of gRPC; goes with them.

#include <cstdint>
#include <string>
#include <vector>

// What gRPC counts of the servers of this process, also of calls that end
// before anyone is told of them.
//
// Thread: any. What there is to ask, and what it costs: gRPC takes a lock for
// the list of all servers and connections, and renders each as JSON, which
// takes some ten microseconds.
namespace gather::rpc {

// Calls that have begun, ever, but for those that have ended with OK.
int64_t CountCallsNotOk();

struct ConnectionCounts {
  // Of this connection alone, in the life of the process.
  int64_t id = 0;
  // As grpc::ServerContext::peer() has it.
  std::string peer;
  // Streams that have ended without the server's having answered in full: most
  // were reset by the peer.
  int64_t streams_failed = 0;
  // Those that have not ended so. gRPC lets no more than a limit be open, but
  // has some that were reset among these until somebody has taken in their
  // calls.
  int64_t streams_left = 0;
  // Messages that came, of all calls.
  int64_t messages = 0;
};

// Connections to all servers, those that are open.
std::vector<ConnectionCounts> ListConnections();

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_GRPC_WORKAROUNDS_CHANNELZ_H_
