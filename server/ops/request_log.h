#ifndef GATHER_SERVER_OPS_REQUEST_LOG_H_
#define GATHER_SERVER_OPS_REQUEST_LOG_H_

#include "server/ops/log.h"
#include "server/rpc/method.h"

namespace gather::ops {

// One log line for every call that a server ends: method, peer, code, how long
// it took, and what the handler noted. Level info; a failure that is the
// server's own (INTERNAL, UNKNOWN, DATA_LOSS) is an error.
//
// Thread: any. Lifetime: `logger` must outlive *this.
class RequestLog final : public rpc::CallObserver {
 public:
  explicit RequestLog(Logger& logger) : logger_(logger) {}

  void OnEnd(const rpc::ServerCall& call, const grpc::Status& status) override;

 private:
  Logger& logger_;
};

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_REQUEST_LOG_H_
