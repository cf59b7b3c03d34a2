#ifndef GATHER_SERVER_OPS_TLS_CERTIFICATES_H_
#define GATHER_SERVER_OPS_TLS_CERTIFICATES_H_

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/server_credentials.h"
#include "server/ops/grpc_workarounds/memory_file.h"
#include "server/ops/log/log.h"
#include "server/ops/metrics/metric_families.h"
#include "server/ops/tls/tls_files.h"

namespace gather::ops {

// How long it takes at most until one step of a change of the files is seen.
// There are three: a read that finds it, one that finds it settled, and gRPC's.
inline constexpr std::chrono::seconds kCertificateRefresh(1);

// What one side of TLS shows and trusts, from files that may change.
//
// gRPC would read the files itself, but between the change of a certificate and
// that of its key it would take both up as they are, and fail every handshake
// until it reads again. So it reads copies in memory, which hold only what was
// found whole and fitting, twice.
//
// Thread: one refreshes it; the paths stay the same, and any opens them.
// Lifetime: must outlive the channels and servers whose credentials were made
// from it.
class Certificates {
 public:
  // The error is one line that names the flag and the file.
  static absl::StatusOr<std::shared_ptr<Certificates>> Load(TlsFiles files);

  // Reads the files again. True where a change is taken up now: from then on
  // new connections have it, within kCertificateRefresh; those that are there
  // stay. An error, as Load's, leaves all as it was.
  absl::StatusOr<bool> Refresh();

  const TlsFiles& files() const { return files_; }
  const TlsMaterial& material() const { return material_; }
  // Paths for gRPC; "" for what there is none of. `identity` holds the key and
  // the certificates, so that both always are of one moment.
  std::string identity_path() const { return identity_.path(); }
  std::string roots_path() const { return roots_.path(); }

 private:
  explicit Certificates(TlsFiles files) : files_(std::move(files)) {}
  absl::Status Publish(TlsMaterial material);

  const TlsFiles files_;
  TlsMaterial material_;   // in use
  TlsMaterial candidate_;  // the last that was read
  MemoryFile identity_;
  MemoryFile roots_;
};

// Loads what the flag of a client names: CA or CA,CERT,KEY. Null where `paths`
// is empty; an error where it is neither, or as Load's.
absl::StatusOr<std::shared_ptr<Certificates>> LoadClientCertificates(
    const std::string& flag, const std::vector<std::string>& paths);

// Credentials of a server that shows `certificates`. Where they name an
// authority, a client must show a certificate of it. Null means plaintext.
std::shared_ptr<grpc::ServerCredentials> ServerCredentials(
    const Certificates* certificates);

// Credentials towards a server, which must have a certificate, of the authority
// that `certificates` name, for the name that it is called by. Null means
// plaintext.
std::shared_ptr<grpc::ChannelCredentials> ChannelCredentials(
    const Certificates* certificates);

// Takes up changes of the files while it lives, and logs them: what was taken
// up, and, once, each reason why a change was not.
//
// Thread: has one of its own. Lifetime: `logger` outlives it.
class CertificateWatcher {
 public:
  // Those that are null are left out.
  CertificateWatcher(std::vector<std::shared_ptr<Certificates>> watched,
                     Logger& logger);

  // When each certificate that this process shows expires, by the flag that
  // names it. No family where it shows none. Thread: any.
  void AddFamilies(MetricFamilies& families) const;

 private:
  struct Watched {
    std::shared_ptr<Certificates> certificates;
    absl::Status last;
  };

  void Run(const std::stop_token& stop);
  void Refresh(Watched& each);

  Logger& logger_;
  std::vector<Watched> watched_;
  mutable std::mutex mutex_;  // held while certificates are refreshed
  std::condition_variable_any stopped_;
  std::jthread thread_;  // last: uses the others
};

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_TLS_CERTIFICATES_H_
