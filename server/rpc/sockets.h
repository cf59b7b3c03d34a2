#ifndef GATHER_SERVER_RPC_SOCKETS_H_
#define GATHER_SERVER_RPC_SOCKETS_H_

#include <string>

// What gRPC does not say of the sockets that it opens for a server. Linux only:
// the process's own descriptors are looked through.
//
// Thread: any, as long as the server behind `port` is neither started nor shut
// down meanwhile.
namespace gather::rpc {

// How many connections that were accepted on TCP `port` are open.
int CountConnections(int port);

// Ends the connection that was accepted on TCP `port` from `peer`, which is as
// grpc::ServerContext::peer() has it, such as "ipv4:10.0.0.1:34567": neither
// side can send or receive any more. False where there is none, also where
// `peer` names no TCP peer.
bool EndConnection(int port, const std::string& peer);

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_SOCKETS_H_
