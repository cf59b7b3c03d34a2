#include "server/aggregator/failure.h"

#include <array>

#include "server/rpc/status.h"

namespace gather::aggregator {
namespace {

struct Words {
  const char* reason;
  const char* message;
};

// First those that a status carries from where it was made; what it doesn't is
// told by its code.
constexpr std::size_t kCarried = 6;
constexpr std::array<Words, kReasons> kWords = {{
    {rpc::kReplyUnreadable, "the backend's reply can't be parsed"},
    {rpc::kReplyTooLarge, "the backend's reply is too large"},
    {kReplyMissing, "the backend's reply is empty"},
    {kReplyForAnotherUser, "the backend's reply is for another user"},
    {kCancelled, "the call was cancelled"},
    {kUserNotFound, "there is no such user"},
    {"BACKEND_UNAVAILABLE", "the backend can't be reached"},
    {"BACKEND_TIMEOUT", "the backend did not answer in time"},
    {"BACKEND_OVERLOADED", "the backend has too much to do"},
    {"BACKEND_UNIMPLEMENTED", "the backend lacks the method"},
    {"BACKEND_ERROR", "the backend failed"},
}};

std::size_t ByCode(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnavailable:
      return kCarried;
    case absl::StatusCode::kDeadlineExceeded:
      return kCarried + 1;
    case absl::StatusCode::kResourceExhausted:
      return kCarried + 2;
    case absl::StatusCode::kUnimplemented:
      return kCarried + 3;
    default:
      return kCarried + 4;
  }
}

}  // namespace

std::size_t ReasonIndex(const absl::Status& status) {
  const std::string reason = rpc::ReasonOf(status);
  for (std::size_t i = 0; i < kCarried; ++i) {
    if (reason == kWords[i].reason) return i;
  }
  return ByCode(status.code());
}

const char* ReasonName(std::size_t index) { return kWords[index].reason; }

Failure Describe(const absl::Status& status) {
  const Words& words = kWords[ReasonIndex(status)];
  return {status.code(), words.reason, words.message};
}

}  // namespace gather::aggregator
