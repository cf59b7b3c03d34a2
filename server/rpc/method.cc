#include "server/rpc/method.h"

#include <chrono>
#include <new>

#include "absl/status/status.h"
#include "server/async/outcome.h"
#include "server/rpc/status.h"

namespace gather::rpc::detail {

grpc::Status ExceptionStatus(std::exception_ptr error) noexcept {
  try {
    return ToGrpc(async::StatusOf(std::move(error)));
  } catch (const std::bad_alloc&) {
    return grpc::Status(grpc::StatusCode::INTERNAL, "");
  }
}

namespace {

grpc::Status MakeRefusal(const char* why) {
  // What a moment's burst refused has a place by then.
  constexpr std::chrono::milliseconds kRetryDelay(500);
  return ToGrpc(WithRetryDelay(absl::ResourceExhaustedError(why), kRetryDelay));
}

}  // namespace

const grpc::Status& TooManyInFlight() {
  static const auto& kStatus =
      *new grpc::Status(MakeRefusal("too many requests in flight"));
  return kStatus;
}

const grpc::Status& TooBusy() {
  static const auto& kStatus =
      *new grpc::Status(MakeRefusal("too busy to answer in time"));
  return kStatus;
}

}  // namespace gather::rpc::detail
