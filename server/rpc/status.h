#ifndef GATHER_SERVER_RPC_STATUS_H_
#define GATHER_SERVER_RPC_STATUS_H_

#include <grpcpp/support/status.h>

#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "server/async/clock.h"

namespace gather::rpc {

// The same code and message. A code outside of the canonical ones, which a peer
// may well send, becomes UNKNOWN. Details go with an error that is sent: see
// AddDetail().
absl::Status ToAbsl(const grpc::Status& status);
grpc::Status ToGrpc(const absl::Status& status);

// "UNAVAILABLE: no connection": without the details, which are for programs.
std::string TextOf(const absl::Status& status);

// Details of an error, for programs. They ride on the status as payloads and
// reach the caller in the trailer `grpc-status-details-bin`, as all of gRPC's
// languages read it (https://google.aip.dev/193). `status` is not OK.
void AddDetail(const google::protobuf::Message& detail, absl::Status* status);

// google.rpc.ErrorInfo: `reason` is UPPER_SNAKE_CASE and unique within
// `domain`.
absl::Status WithErrorInfo(
    absl::Status status, std::string_view reason, std::string_view domain,
    const std::map<std::string, std::string>& metadata = {});

// google.rpc.RetryInfo: try again, but not before so long.
absl::Status WithRetryDelay(absl::Status status,
                            async::Clock::duration retry_delay);

// INVALID_ARGUMENT "field: why", with a google.rpc.BadRequest that says the
// same. `field` is a path in the request.
absl::Status InvalidField(std::string_view field, std::string_view why);

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_STATUS_H_
