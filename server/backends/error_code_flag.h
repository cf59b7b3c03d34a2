#ifndef GATHER_SERVER_BACKENDS_ERROR_CODE_FLAG_H_
#define GATHER_SERVER_BACKENDS_ERROR_CODE_FLAG_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace gather::backends {

// A flag's value: one of gRPC's codes but OK, by name or number.
struct ErrorCode {
  absl::StatusCode code;
};

bool AbslParseFlag(absl::string_view text, ErrorCode* value,
                   std::string* error);
std::string AbslUnparseFlag(ErrorCode value);

}  // namespace gather::backends

#endif  // GATHER_SERVER_BACKENDS_ERROR_CODE_FLAG_H_
