#ifndef GATHER_CLIENT_FLAGS_H_
#define GATHER_CLIENT_FLAGS_H_

#include <string>

#include "absl/flags/declare.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/ops/tls/tls_files.h"

namespace gather::client {

enum class OutputFormat { kText, kJson };

bool AbslParseFlag(absl::string_view text, OutputFormat* format,
                   std::string* error);
std::string AbslUnparseFlag(OutputFormat format);

// INVALID_ARGUMENT naming a flag below that holds a value of no use, or a file
// of no use.
absl::Status CheckCommonFlags();

// What --tls_ca and the others name; without --tls_ca, calls are plaintext.
ops::TlsFiles TlsFilesFromFlags();

}  // namespace gather::client

// The flags that every command has.
ABSL_DECLARE_FLAG(std::string, server);
ABSL_DECLARE_FLAG(absl::Duration, timeout);
ABSL_DECLARE_FLAG(gather::client::OutputFormat, output);

#endif  // GATHER_CLIENT_FLAGS_H_
