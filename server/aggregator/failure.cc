#include "server/aggregator/failure.h"

#include "server/rpc/status.h"

namespace gather::aggregator {
namespace {

struct Words {
  const char* reason;
  const char* message;
};

// Reasons that a status carries from where it was made.
constexpr Words kByReason[] = {
    {rpc::kReplyUnreadable, "the backend's reply can't be parsed"},
    {rpc::kReplyTooLarge, "the backend's reply is too large"},
    {kReplyMissing, "the backend's reply is empty"},
    {kReplyForAnotherUser, "the backend's reply is for another user"},
    {kCancelled, "the call was cancelled"},
    {kUserNotFound, "there is no such user"},
};

Words ByCode(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnavailable:
      return {"BACKEND_UNAVAILABLE", "the backend can't be reached"};
    case absl::StatusCode::kDeadlineExceeded:
      return {"BACKEND_TIMEOUT", "the backend did not answer in time"};
    case absl::StatusCode::kResourceExhausted:
      return {"BACKEND_OVERLOADED", "the backend has too much to do"};
    case absl::StatusCode::kUnimplemented:
      return {"BACKEND_UNIMPLEMENTED", "the backend lacks the method"};
    default:
      return {"BACKEND_ERROR", "the backend failed"};
  }
}

}  // namespace

Failure Describe(const absl::Status& status) {
  const std::string reason = rpc::ReasonOf(status);
  for (const Words& words : kByReason) {
    if (reason == words.reason) {
      return {status.code(), words.reason, words.message};
    }
  }
  const Words words = ByCode(status.code());
  return {status.code(), words.reason, words.message};
}

}  // namespace gather::aggregator
