#include "server/rpc/stop_cause.h"

#include <chrono>
#include <new>

namespace gather::rpc {
namespace {

struct CodeAndMessage {
  grpc::StatusCode code;
  const char* message;
};

CodeAndMessage Describe(StopCause cause) {
  switch (cause) {
    case StopCause::kNone:
      break;
    case StopCause::kCallerLeft:
      return {grpc::StatusCode::CANCELLED, "the caller left"};
    case StopCause::kDeadlineExceeded:
      return {grpc::StatusCode::DEADLINE_EXCEEDED,
              "the caller's deadline passed"};
    case StopCause::kDraining:
      return {grpc::StatusCode::UNAVAILABLE, "the server shuts down"};
    case StopCause::kSendTimeout:
      return {grpc::StatusCode::CANCELLED, "the caller takes nothing in"};
    case StopCause::kSendFailed:
      return {grpc::StatusCode::INTERNAL, "no memory to send the answer"};
  }
  return {grpc::StatusCode::OK, ""};
}

}  // namespace

grpc::Status StopStatus(StopCause cause) noexcept {
  const CodeAndMessage status = Describe(cause);
  try {
    return grpc::Status(status.code, status.message);
  } catch (const std::bad_alloc&) {
    return grpc::Status(status.code, "");
  }
}

StopCause CauseOfCancel(async::Clock::time_point start,
                        async::Clock::time_point deadline,
                        async::Clock::time_point now) {
  if (deadline <= now) return StopCause::kDeadlineExceeded;
  if (deadline == async::Clock::time_point::max()) {
    return StopCause::kCallerLeft;
  }
  const async::Clock::duration tolerance =
      (deadline - start) / 20 + std::chrono::milliseconds(10);
  return deadline - now <= tolerance ? StopCause::kDeadlineExceeded
                                     : StopCause::kCallerLeft;
}

bool MayHaveExpired(StopCause cause, async::Clock::time_point deadline,
                    async::Clock::time_point now) {
  constexpr std::chrono::milliseconds kLateReading(100);
  return cause == StopCause::kDeadlineExceeded ||
         (cause == StopCause::kCallerLeft &&
          (deadline <= now || deadline - now <= kLateReading));
}

}  // namespace gather::rpc
