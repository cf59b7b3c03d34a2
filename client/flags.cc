#include "client/flags.h"

#include <string>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "server/ops/flags/address.h"
#include "server/ops/flags/parse_flags.h"

ABSL_FLAG(std::string, server, "localhost:50051",
          "The aggregator to call: host:port, or in gRPC's naming, such as "
          "dns:///name:port and unix:/path.");
ABSL_FLAG(absl::Duration, timeout, absl::Seconds(5),
          "How long to wait for the answer: 2s, 1500ms. The aggregator sees "
          "it as its deadline.");
ABSL_FLAG(gather::client::OutputFormat, output,
          gather::client::OutputFormat::kText,
          "How to print the answer: text or json.");

ABSL_FLAG(std::string, tls_ca, "",
          "PEM file with the authorities to take the server's certificate "
          "from; with it, calls go over TLS.");
ABSL_FLAG(std::string, tls_cert, "",
          "PEM file with a certificate to show to the server.");
ABSL_FLAG(std::string, tls_key, "", "PEM file with its private key.");

namespace gather::client {

bool AbslParseFlag(absl::string_view text, OutputFormat* format,
                   std::string* error) {
  if (text == "text") {
    *format = OutputFormat::kText;
  } else if (text == "json") {
    *format = OutputFormat::kJson;
  } else {
    *error = "must be text or json";
    return false;
  }
  return true;
}

std::string AbslUnparseFlag(OutputFormat format) {
  return format == OutputFormat::kJson ? "json" : "text";
}

absl::Status CheckCommonFlags() {
  absl::Status target =
      ops::CheckFlagTarget("server", absl::GetFlag(FLAGS_server));
  if (!target.ok()) return target;
  const ops::TlsFiles tls = TlsFilesFromFlags();
  if (tls.ca.path.empty()) {
    for (const ops::FlagFile& file : {tls.cert, tls.key}) {
      if (!file.path.empty())
        return ops::FlagError(file.flag, "needs --tls_ca");
    }
  }
  if (auto read = ops::ReadTlsFiles(tls); !read.ok()) return read.status();
  return ops::CheckFlagPositive("timeout", absl::GetFlag(FLAGS_timeout));
}

ops::TlsFiles TlsFilesFromFlags() {
  return {.ca = {"tls_ca", absl::GetFlag(FLAGS_tls_ca)},
          .cert = {"tls_cert", absl::GetFlag(FLAGS_tls_cert)},
          .key = {"tls_key", absl::GetFlag(FLAGS_tls_key)}};
}

}  // namespace gather::client
