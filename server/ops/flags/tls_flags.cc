// Over what a server takes calls.

#include <memory>
#include <string>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/ops/flags/flag_groups.h"
#include "server/ops/flags/parse_flags.h"
#include "server/ops/tls/certificates.h"

ABSL_FLAG(std::string, tls_cert, "",
          "PEM file with the server's certificate, and those between it and "
          "its authority; with it, calls are taken over TLS alone");
ABSL_FLAG(std::string, tls_key, "", "PEM file with its private key");
ABSL_FLAG(std::string, tls_client_ca, "",
          "PEM file with authorities; with it, a client needs a certificate "
          "of one of them");

namespace gather::ops {

// Leaves null where no flag asks for TLS.
absl::Status ReadTlsFlags(ServerSettings& settings) {
  TlsFiles files{.ca = {"tls_client_ca", absl::GetFlag(FLAGS_tls_client_ca)},
                 .cert = {"tls_cert", absl::GetFlag(FLAGS_tls_cert)},
                 .key = {"tls_key", absl::GetFlag(FLAGS_tls_key)}};
  if (files.cert.path.empty() && files.key.path.empty()) {
    if (files.ca.path.empty()) return absl::OkStatus();
    return FlagError("tls_client_ca", "needs --tls_cert and --tls_key");
  }
  absl::StatusOr<std::shared_ptr<Certificates>> tls =
      Certificates::Load(std::move(files));
  if (!tls.ok()) return tls.status();
  settings.tls = *std::move(tls);
  return absl::OkStatus();
}

}  // namespace gather::ops
