#ifndef GATHER_SERVER_OPS_LOG_GRPC_LOG_H_
#define GATHER_SERVER_OPS_LOG_GRPC_LOG_H_

#include <memory>

#include "server/ops/log/log.h"

namespace gather::ops {

// Sends the log lines of gRPC and Protobuf to a Logger for as long as it lives,
// so that a process writes one log in one form, and neither writes to stderr
// itself: that would hold a loop where nobody reads it. What gRPC logs at all
// is still up to the environment's GRPC_VERBOSITY and GRPC_TRACE. Its errors
// stay errors; its info, which is about the library's insides, becomes debug,
// as does what Protobuf says of messages that it can't read: that is the
// sender's fault, and the call's status tells of it.
//
// One at a time in a process; ends before the logger. Where gRPC logs through
// Abseil (since 1.65), this takes all of Abseil's log, and calls
// absl::InitializeLog, which a program may call only once.
class ScopedGrpcLog {
 public:
  explicit ScopedGrpcLog(Logger& logger);
  ~ScopedGrpcLog();

  ScopedGrpcLog(const ScopedGrpcLog&) = delete;
  ScopedGrpcLog& operator=(const ScopedGrpcLog&) = delete;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_LOG_GRPC_LOG_H_
