#ifndef GATHER_CLIENT_OVERVIEW_H_
#define GATHER_CLIENT_OVERVIEW_H_

#include <string>
#include <vector>

#include "google/protobuf/message.h"
#include "grpcpp/support/status.h"

namespace gather::client {

// `gatherctl overview USER`: calls GetOverview and prints the answer.
int RunOverview(const std::vector<std::string>& arguments);

// INTERNAL where a call that succeeded brought an answer without any section,
// which the contract rules out: what is left of a reply that got lost on the
// way. Else `status`. Of any aggregator's response.
grpc::Status CheckAnswer(const grpc::Status& status,
                         const google::protobuf::Message& response);

// The exit code for a call that ended with `status` and, where that is OK,
// `response`.
int ExitCodeFor(const grpc::Status& status,
                const google::protobuf::Message& response);

}  // namespace gather::client

#endif  // GATHER_CLIENT_OVERVIEW_H_
