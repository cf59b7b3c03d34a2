#ifndef GATHER_SERVER_RPC_TIME_TO_LEAVE_H_
#define GATHER_SERVER_RPC_TIME_TO_LEAVE_H_

#include <chrono>

namespace gather::rpc {

// How long it takes until max_connection_age has made all clients leave: gRPC
// ends a connection up to a tenth after its age; then the client has to hear of
// it, and calls in flight to end (decisions/0005-drain-by-connection-age.md). A
// drain that has not so long does not wait for it.
constexpr std::chrono::milliseconds TimeToLeave(
    std::chrono::milliseconds max_connection_age) {
  return max_connection_age * 11 / 10 + std::chrono::seconds(1);
}

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_TIME_TO_LEAVE_H_
