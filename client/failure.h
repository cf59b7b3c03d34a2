#ifndef GATHER_CLIENT_FAILURE_H_
#define GATHER_CLIENT_FAILURE_H_

#include <string>

#include "grpcpp/support/status.h"

namespace gather::client {

// Whom a call went to, and how.
struct CallTarget {
  std::string server;
  bool tls = false;
  bool certificate = false;  // With one of the client's own.
};

// How a call to `target` failed, as one line without a line end:
//
//   NOT_FOUND: no such user [USER_NOT_FOUND] (localhost:50051)
//
// In brackets is the reason of the google.rpc.ErrorInfo in the status' details,
// where there is one. A connection that failed as it does where one side speaks
// TLS and the other does not has that question at its end. A pure function.
std::string DescribeFailure(const grpc::Status& status,
                            const CallTarget& target);

}  // namespace gather::client

#endif  // GATHER_CLIENT_FAILURE_H_
