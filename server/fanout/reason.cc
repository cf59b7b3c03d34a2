#include "server/fanout/reason.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "server/rpc/status.h"

namespace gather::fanout {
namespace {

using absl::StatusCode;

struct Row {
  Reason reason;
  const char* name;  // $ is the subject
  const char* text;
  StatusCode code;
  // Whether the code is true of the whole RPC, too, where that fails for it.
  // Where not, that is INTERNAL: the caller did nothing wrong, and trying again
  // would not help.
  bool handed_up = false;
};

constexpr std::array<Row, kReasons> kTable = {{
    {Reason::kReplyUnreadable, "REPLY_UNREADABLE",
     "the backend's reply can't be parsed", StatusCode::kInternal},
    {Reason::kReplyTooLarge, "REPLY_TOO_LARGE",
     "the backend's reply is too large", StatusCode::kResourceExhausted},
    {Reason::kReplyMissing, "REPLY_MISSING", "the backend's reply is empty",
     StatusCode::kInternal},
    {Reason::kReplyForAnother, "REPLY_FOR_ANOTHER_$",
     "the backend's reply is for another $", StatusCode::kInternal},
    {Reason::kNotFound, "$_NOT_FOUND", "there is no such $",
     StatusCode::kNotFound, true},
    {Reason::kCancelled, "CANCELLED", "the call was cancelled",
     StatusCode::kCancelled},
    {Reason::kSoftTimeout, "SOFT_TIMEOUT",
     "it was not there when the soft timeout passed",
     StatusCode::kDeadlineExceeded, true},
    {Reason::kBackendUnavailable, "BACKEND_UNAVAILABLE",
     "the backend can't be reached", StatusCode::kUnavailable, true},
    {Reason::kBackendDeclined, "BACKEND_DECLINED",
     "the backend answered that it is unavailable", StatusCode::kUnavailable,
     true},
    {Reason::kBackendTimeout, "BACKEND_TIMEOUT",
     "the backend did not answer in time", StatusCode::kDeadlineExceeded, true},
    {Reason::kBackendStreamsFull, "BACKEND_STREAMS_FULL",
     "no stream of the connections to the backend was free in time",
     StatusCode::kDeadlineExceeded, true},
    {Reason::kBackendOverloaded, "BACKEND_OVERLOADED",
     "the backend has too much to do", StatusCode::kResourceExhausted, true},
    {Reason::kBackendUnimplemented, "BACKEND_UNIMPLEMENTED",
     "the backend lacks the method", StatusCode::kUnimplemented},
    {Reason::kBackendError, "BACKEND_ERROR", "the backend failed",
     StatusCode::kInternal},
    {Reason::kBreakerOpen, "BREAKER_OPEN",
     "the backend failed, and is given time to recover",
     StatusCode::kUnavailable, true},
    {Reason::kDependencyFailed, "DEPENDENCY_FAILED",
     "a section that this one needs failed", StatusCode::kUnavailable, true},
    {Reason::kAggregatorError, "AGGREGATOR_ERROR",
     "the aggregator could not make this section", StatusCode::kInternal},
}};

constexpr bool InOrder() {
  for (std::size_t i = 0; i < kReasons; ++i) {
    if (IndexOf(kTable[i].reason) != i) return false;
  }
  return true;
}
static_assert(InOrder(), "the table is indexed by reason");

Reason ReasonFor(rpc::CallEnd end, StatusCode code, bool stopped) {
  if (end == rpc::CallEnd::kReplyUnreadable) return Reason::kReplyUnreadable;
  if (end == rpc::CallEnd::kReplyTooLarge) return Reason::kReplyTooLarge;
  if (end == rpc::CallEnd::kNeverSent) return Reason::kBackendStreamsFull;
  if (stopped && code == StatusCode::kCancelled) return Reason::kCancelled;
  const bool answered = end == rpc::CallEnd::kAnswered;
  switch (code) {
    case StatusCode::kUnavailable:
      return answered ? Reason::kBackendDeclined : Reason::kBackendUnavailable;
    case StatusCode::kDeadlineExceeded:
      return Reason::kBackendTimeout;
    case StatusCode::kResourceExhausted:
      return answered ? Reason::kBackendOverloaded : Reason::kBackendError;
    case StatusCode::kUnimplemented:
      return Reason::kBackendUnimplemented;
    default:
      return Reason::kBackendError;
  }
}

}  // namespace

Failure FailureFor(Reason reason, std::string_view detail) {
  return {reason, kTable[IndexOf(reason)].code, std::string(detail)};
}

Failure Classify(rpc::CallEnd end, const absl::Status& status, bool stopped) {
  return {ReasonFor(end, status.code(), stopped), status.code(),
          rpc::TextOf(status)};
}

Failure FailureFor(BackendPolicies::Refusal refusal) {
  return refusal == BackendPolicies::Refusal::kCircuitOpen
             ? FailureFor(Reason::kBreakerOpen, "not called: circuit open")
             : FailureFor(Reason::kBackendOverloaded,
                          "not called: concurrency limit");
}

Failure FailureAfter(const Failure& dependency) {
  if (dependency.reason == Reason::kCancelled) return dependency;
  return {Reason::kDependencyFailed, CodeForCaller(dependency),
          "not called: a section that it needs failed", dependency.reason};
}

CallResult ResultOf(const Failure& failure) {
  switch (failure.reason) {
    case Reason::kReplyUnreadable:
    case Reason::kReplyMissing:
    case Reason::kReplyForAnother:
      return CallResult::kFailure;
    case Reason::kReplyTooLarge:
    case Reason::kNotFound:
      return CallResult::kSuccess;
    case Reason::kBackendStreamsFull:
      return CallResult::kNotSent;
    case Reason::kCancelled:
    case Reason::kDependencyFailed:
    case Reason::kAggregatorError:
      return CallResult::kCancelled;
    default:
      return ResultOf(failure.code);
  }
}

absl::StatusCode CodeForCaller(const Failure& failure) {
  return kTable[IndexOf(failure.reason)].handed_up ? failure.code
                                                   : StatusCode::kInternal;
}

ReasonWords::ReasonWords(std::string_view subject) {
  const std::string noun(subject);
  const std::string upper = absl::AsciiStrToUpper(noun);
  for (std::size_t i = 0; i < kReasons; ++i) {
    names_[i] = absl::StrReplaceAll(kTable[i].name, {{"$", upper}});
    texts_[i] = absl::StrReplaceAll(kTable[i].text, {{"$", noun}});
  }
}

}  // namespace gather::fanout
