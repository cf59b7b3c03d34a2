#ifndef GATHER_SERVER_FANOUT_REASON_H_
#define GATHER_SERVER_FANOUT_REASON_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "server/async/clock.h"
#include "server/fanout/policy/backend_policies.h"
#include "server/fanout/policy/call_result.h"
#include "server/rpc/client_call.h"

namespace gather::fanout {

// Why a section failed. Its name and text, which callers, metrics and logs see,
// stand in one table in reason.cc.
enum class Reason : uint8_t {
  // The backend's reply is not one to pass on.
  kReplyUnreadable,
  kReplyTooLarge,
  kReplyMissing,     // it holds no message, or does not say whom it is for
  kReplyForAnother,  // it is for somebody else than was asked for
  // The backend does not know what was asked for, and that ends the request.
  kNotFound,
  // This server stopped the call: the caller is gone, or a required section
  // failed.
  kCancelled,
  // This server stopped the call: the answer is good enough without it.
  kSoftTimeout,
  // The backend failed.
  kBackendUnavailable,    // it can't be reached
  kBackendDeclined,       // it was reached, and answered UNAVAILABLE
  kBackendTimeout,        // no answer in time, or it said so
  kBackendStreamsFull,    // no stream of its connections was free in time
  kBackendOverloaded,     // RESOURCE_EXHAUSTED, or its concurrency limit
  kBackendUnimplemented,  // it lacks the method
  kBackendError,          // any other code
  // It was not called: its circuit breaker is open.
  kBreakerOpen,
  // It was not called: the section that it comes after failed, for any reason
  // but kCancelled.
  kDependencyFailed,
  // This server failed to make the section: an exception, no memory.
  kAggregatorError,
};

inline constexpr std::size_t kReasons = 17;

constexpr std::size_t IndexOf(Reason reason) {
  return static_cast<std::size_t>(reason);
}

// Why a section failed, for its caller and for the log.
struct Failure {
  Reason reason;
  // The canonical code: what the backend answered, or what gRPC or this server
  // made of it.
  absl::StatusCode code;
  // A backend's own words and other details: for the log alone, since they may
  // hold anything.
  std::string detail;
  // Of kDependencyFailed: why the other section failed.
  std::optional<Reason> cause = std::nullopt;
  // Where the section is answered all the same, from a reply that is so old.
  std::optional<async::Clock::duration> stale_age = std::nullopt;
};

// The failure for that reason, with the reason's own code.
Failure FailureFor(Reason reason, std::string_view detail);

// The failure of a call that ended so, and not with a reply. `stopped` says
// that this server has stopped the request.
Failure Classify(rpc::CallEnd end, const absl::Status& status, bool stopped);

// The failure of a section whose backend the policies did not let it call.
Failure FailureFor(BackendPolicies::Refusal refusal);

// The failure of a section that comes after one that failed so. Its code is the
// one that a whole RPC has for that.
Failure FailureAfter(const Failure& dependency);

// What a failure says of the backend's health, for its policies.
CallResult ResultOf(const Failure& failure);

// The code of a whole RPC that fails for `failure`: one that is true of the
// RPC. A backend's INVALID_ARGUMENT is not the caller's.
absl::StatusCode CodeForCaller(const Failure& failure);

// The words for reasons, in terms of what requests are about.
//
// Thread: any. Lifetime: what it gives lives as long as it does.
class ReasonWords {
 public:
  // `subject` is a noun, such as "user": USER_NOT_FOUND, "there is no such
  // user".
  explicit ReasonWords(std::string_view subject);

  // UPPER_SNAKE_CASE.
  const std::string& name(Reason reason) const {
    return names_[IndexOf(reason)];
  }
  // For people.
  const std::string& text(Reason reason) const {
    return texts_[IndexOf(reason)];
  }

 private:
  std::array<std::string, kReasons> names_;
  std::array<std::string, kReasons> texts_;
};

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_REASON_H_
