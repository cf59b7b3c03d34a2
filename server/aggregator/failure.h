#ifndef GATHER_SERVER_AGGREGATOR_FAILURE_H_
#define GATHER_SERVER_AGGREGATOR_FAILURE_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"

namespace gather::aggregator {

// Reasons that a section may fail with, beside those of server/rpc/status.h.
//
// The reply holds no message, or one without an id.
inline constexpr char kReplyMissing[] = "REPLY_MISSING";
inline constexpr char kReplyForAnotherUser[] = "REPLY_FOR_ANOTHER_USER";
// This server stopped the call: the caller went away, or a required section
// failed.
inline constexpr char kCancelled[] = "CANCELLED";
inline constexpr char kUserNotFound[] = "USER_NOT_FOUND";

// A failure as the client may see it. A backend's own words are for the log:
// they may hold anything.
struct Failure {
  absl::StatusCode code;
  std::string reason;
  std::string message;
};

// How many reasons there are, and which of them, from 0, a status has: for
// those who count.
inline constexpr std::size_t kReasons = 11;
std::size_t ReasonIndex(const absl::Status& status);
// Of static lifetime.
const char* ReasonName(std::size_t index);

// From what a backend's call ended with.
Failure Describe(const absl::Status& status);

}  // namespace gather::aggregator

#endif  // GATHER_SERVER_AGGREGATOR_FAILURE_H_
