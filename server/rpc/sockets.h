#ifndef GATHER_SERVER_RPC_SOCKETS_H_
#define GATHER_SERVER_RPC_SOCKETS_H_

// What gRPC does not say of the sockets that it opens for a server. Linux only:
// the process's own descriptors are looked through.
//
// Thread: any, as long as the server behind `port` is neither started nor shut
// down meanwhile.
namespace gather::rpc {

// How many connections that were accepted on TCP `port` are open.
int CountConnections(int port);

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_SOCKETS_H_
