#include "server/rpc/method.h"

#include <new>

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

grpc::Status RefusedStatus() {
  return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                      "too many requests in flight");
}

}  // namespace gather::rpc::detail
