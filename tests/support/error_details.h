#ifndef GATHER_TESTS_SUPPORT_ERROR_DETAILS_H_
#define GATHER_TESTS_SUPPORT_ERROR_DETAILS_H_

#include <grpcpp/support/status.h>

#include <optional>

#include "google/rpc/status.pb.h"

namespace gather::testing {

// The first detail of that type that an error carries, as its caller reads it.
template <typename Detail>
std::optional<Detail> DetailOf(const grpc::Status& error) {
  google::rpc::Status status;
  if (!status.ParseFromString(error.error_details())) return std::nullopt;
  for (const google::protobuf::Any& any : status.details()) {
    Detail detail;
    if (any.Is<Detail>() && any.UnpackTo(&detail)) return detail;
  }
  return std::nullopt;
}

}  // namespace gather::testing

#endif  // GATHER_TESTS_SUPPORT_ERROR_DETAILS_H_
