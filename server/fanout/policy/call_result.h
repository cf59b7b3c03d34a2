#ifndef GATHER_SERVER_FANOUT_POLICY_CALL_RESULT_H_
#define GATHER_SERVER_FANOUT_POLICY_CALL_RESULT_H_

#include <cstdint>

#include "absl/status/status.h"

namespace gather::fanout {

// What a call says of its backend's health. A call is one section's: with all
// of its attempts, since a section that a retry brought is no failure.
enum class CallResult : uint8_t {
  // It answered: with a reply, or with an error that is about the request, such
  // as NOT_FOUND.
  kSuccess,
  // It failed, and said so: UNAVAILABLE, INTERNAL, UNKNOWN, DATA_LOSS, or a
  // reply that nobody can read.
  kFailure,
  // It said that it has too much to do: RESOURCE_EXHAUSTED.
  kOverloaded,
  // Nothing came in time.
  kTimeout,
  // It was not even sent in time: all streams of the connections were in use.
  // There are too many calls; of the backend's health that says nothing.
  kNotSent,
  // The call was given up on this side. That says nothing of the backend.
  kCancelled,
};

// What a status says. gRPC gives RESOURCE_EXHAUSTED also for a reply that is
// larger than this side takes: the caller knows, and says kSuccess instead.
inline CallResult ResultOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDataLoss:
      return CallResult::kFailure;
    case absl::StatusCode::kResourceExhausted:
      return CallResult::kOverloaded;
    case absl::StatusCode::kDeadlineExceeded:
      return CallResult::kTimeout;
    case absl::StatusCode::kCancelled:
      return CallResult::kCancelled;
    default:
      return CallResult::kSuccess;
  }
}

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_POLICY_CALL_RESULT_H_
