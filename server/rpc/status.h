#ifndef GATHER_SERVER_RPC_STATUS_H_
#define GATHER_SERVER_RPC_STATUS_H_

#include <grpcpp/support/status.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace gather::rpc {

// The same code and message. A code outside of the canonical ones, which a peer
// may well send, becomes UNKNOWN.
absl::Status ToAbsl(const grpc::Status& status);
grpc::Status ToGrpc(const absl::Status& status);

// Why a call failed, for programs: a word in UPPER_SNAKE_CASE that rides on the
// status, as google.rpc.ErrorInfo.reason does on the wire.
absl::Status WithReason(absl::Status status, std::string_view reason);

// That word; empty where none was given.
std::string ReasonOf(const absl::Status& status);

// Reasons that this library gives.
//
// The reply can't be parsed.
inline constexpr char kReplyUnreadable[] = "REPLY_UNREADABLE";
// The reply is larger than the channel takes.
inline constexpr char kReplyTooLarge[] = "REPLY_TOO_LARGE";

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_STATUS_H_
