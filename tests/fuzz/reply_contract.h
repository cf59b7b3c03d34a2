#ifndef GATHER_TESTS_FUZZ_REPLY_CONTRACT_H_
#define GATHER_TESTS_FUZZ_REPLY_CONTRACT_H_

#include <grpcpp/support/status.h>

#include <optional>

#include "absl/status/status.h"
#include "tests/fuzz/reply_input.h"

namespace gather::fanout {

// The code of a request that fails because a call ended so and brought no right
// reply.
inline absl::StatusCode CodeOfRequest(const EndOf& end,
                                      bool not_found_ends_request) {
  switch (end.code) {
    case grpc::StatusCode::NOT_FOUND:
      return not_found_ends_request ? absl::StatusCode::kNotFound
                                    : absl::StatusCode::kInternal;
    case grpc::StatusCode::UNAVAILABLE:
      return absl::StatusCode::kUnavailable;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return absl::StatusCode::kDeadlineExceeded;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return end.answered ? absl::StatusCode::kResourceExhausted
                          : absl::StatusCode::kInternal;
    default:
      return absl::StatusCode::kInternal;
  }
}

// What the contract says that comes of the request as a whole. Shares nothing
// with the code under test.
struct Expected {
  int requested = 0;
  int arrived = 0;
  std::optional<absl::StatusCode> end;     // by the first section that ends it
  std::optional<absl::StatusCode> common;  // of all that failed so far
  bool alike = true;

  // The next section that lands. `right`: with the reply that was asked for;
  // `stopped`: after the request had its end.
  void Add(const EndOf& call, bool right, bool stopped,
           bool not_found_ends_request) {
    ++requested;
    if (right) {
      ++arrived;
      return;
    }
    const absl::StatusCode code = CodeOfRequest(call, not_found_ends_request);
    alike = alike && common.value_or(code) == code;
    common = code;
    const bool cancelled = stopped && call.code == grpc::StatusCode::CANCELLED;
    const bool ends =
        code == absl::StatusCode::kNotFound || (call.required && !cancelled);
    if (ends && !end) end = code;
  }

  absl::StatusCode code() const {
    if (end) return *end;
    if (arrived > 0 || requested == 0) return absl::StatusCode::kOk;
    return alike ? *common : absl::StatusCode::kUnavailable;
  }
};

}  // namespace gather::fanout

#endif  // GATHER_TESTS_FUZZ_REPLY_CONTRACT_H_
