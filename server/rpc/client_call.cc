#include "server/rpc/client_call.h"

#include "server/rpc/status.h"

namespace gather::rpc {

absl::Status UnreadableReply() {
  return WithReason(absl::InternalError("the reply can't be parsed"),
                    kReplyUnreadable);
}

absl::Status UnaryOutcome(bool ok, const grpc::Status& status) {
  if (status.ok()) {
    return ok ? absl::OkStatus() : UnreadableReply();
  }
  absl::Status outcome = ToAbsl(status);
  // gRPC has no code of its own for this: the words are all there is
  // (src/core/ext/filters/message_size/message_size_filter.cc).
  if (outcome.code() == absl::StatusCode::kResourceExhausted &&
      status.error_message().find("larger than max") != std::string::npos) {
    return WithReason(std::move(outcome), kReplyTooLarge);
  }
  return outcome;
}

}  // namespace gather::rpc
