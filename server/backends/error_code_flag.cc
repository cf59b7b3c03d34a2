#include "server/backends/error_code_flag.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace gather::backends {

bool AbslParseFlag(absl::string_view text, ErrorCode* value,
                   std::string* error) {
  const std::string word = absl::AsciiStrToUpper(text);
  for (int i = 1; i <= static_cast<int>(absl::StatusCode::kUnauthenticated);
       ++i) {
    const auto code = static_cast<absl::StatusCode>(i);
    if (word == absl::StatusCodeToString(code) || word == absl::StrCat(i)) {
      value->code = code;
      return true;
    }
  }
  *error = "must be a gRPC code but OK, by name (UNAVAILABLE) or number (14)";
  return false;
}

std::string AbslUnparseFlag(ErrorCode value) {
  return absl::StatusCodeToString(value.code);
}

}  // namespace gather::backends
