#ifndef GATHER_CLIENT_FLAGS_H_
#define GATHER_CLIENT_FLAGS_H_

#include <string>

#include "absl/flags/declare.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace gather::client {

enum class OutputFormat { kText, kJson };

bool AbslParseFlag(absl::string_view text, OutputFormat* format,
                   std::string* error);
std::string AbslUnparseFlag(OutputFormat format);

// INVALID_ARGUMENT naming a flag below that holds a value of no use.
absl::Status CheckCommonFlags();

}  // namespace gather::client

// The flags that every command has.
ABSL_DECLARE_FLAG(std::string, server);
ABSL_DECLARE_FLAG(absl::Duration, timeout);
ABSL_DECLARE_FLAG(gather::client::OutputFormat, output);

#endif  // GATHER_CLIENT_FLAGS_H_
