#ifndef GATHER_SERVER_RPC_CALL_OBSERVER_H_
#define GATHER_SERVER_RPC_CALL_OBSERVER_H_

#include <grpcpp/support/status.h>

#include "server/rpc/server_call.h"

namespace gather::rpc {

// Told of every call that a server ends. Thread: any of the server's loops, so
// an implementation must not block: a lock that loops share is held for no
// longer than it takes to hand something over.
class CallObserver {
 public:
  virtual ~CallObserver() = default;
  // `status` is what the call came to: that of call.stop_cause() where it was
  // stopped before its answer got through.
  virtual void OnEnd(const ServerCall& call, const grpc::Status& status) = 0;
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_CALL_OBSERVER_H_
