#include "server/ops/tls/certificates.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "grpc/grpc_security_constants.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_certificate_verifier.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "server/ops/flags/parse_flags.h"

namespace gather::ops {
namespace {

std::shared_ptr<grpc::experimental::FileWatcherCertificateProvider> WatcherOf(
    const Certificates& certificates) {
  const std::string identity = certificates.identity_path();
  return std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      identity, identity, certificates.roots_path(),
      static_cast<unsigned>(kCertificateRefresh.count()));
}

// gRPC's interface for this is experimental, and newer versions have another.
template <typename Options, typename Provider>
void SetProvider(Options& options, const Certificates& certificates,
                 const Provider& provider) {
  const bool has_identity = !certificates.identity_path().empty();
  const bool has_roots = !certificates.roots_path().empty();
  if constexpr (requires { options.set_root_certificate_provider(provider); }) {
    if (has_roots) options.set_root_certificate_provider(provider);
    if (has_identity) options.set_identity_certificate_provider(provider);
  } else {
    options.set_certificate_provider(provider);
    if (has_roots) options.watch_root_certs();
    if (has_identity) options.watch_identity_key_cert_pairs();
  }
}

// As above; `provider` is not null.
template <typename Options, typename Provider>
Options MakeServerOptions(const Provider& provider) {
  if constexpr (requires { Options::Create(provider); }) {
    return *Options::Create(provider);
  } else {
    return Options(provider);
  }
}

}  // namespace

absl::StatusOr<std::shared_ptr<Certificates>> Certificates::Load(
    TlsFiles files) {
  absl::StatusOr<TlsMaterial> material = ReadTlsFiles(files);
  if (!material.ok()) return material.status();
  std::shared_ptr<Certificates> certificates(
      new Certificates(std::move(files)));
  certificates->candidate_ = *material;
  absl::Status published = certificates->Publish(*std::move(material));
  if (!published.ok()) return published;
  return certificates;
}

absl::StatusOr<bool> Certificates::Refresh() {
  absl::StatusOr<TlsMaterial> material = ReadTlsFiles(files_);
  if (!material.ok()) return material.status();
  // What is written at this moment may look whole and lack its end.
  const bool settled = *material == candidate_;
  candidate_ = *material;
  if (!settled || *material == material_) return false;
  absl::Status published = Publish(*std::move(material));
  if (!published.ok()) return published;
  return true;
}

absl::Status Certificates::Publish(TlsMaterial material) {
  absl::Status written;
  if (!material.roots.empty() && material.roots != material_.roots) {
    written = roots_.Write(material.roots);
  }
  if (written.ok() && !material.key.empty() &&
      (material.key != material_.key || material.chain != material_.chain)) {
    written = identity_.Write(material.key + "\n" + material.chain);
  }
  if (written.ok()) material_ = std::move(material);
  return written;
}

absl::StatusOr<std::shared_ptr<Certificates>> LoadClientCertificates(
    const std::string& flag, const std::vector<std::string>& paths) {
  if (paths.empty()) return std::shared_ptr<Certificates>();
  const bool has_empty =
      std::find(paths.begin(), paths.end(), "") != paths.end();
  if (has_empty || (paths.size() != 1 && paths.size() != 3)) {
    return FlagError(flag, "must be CA or CA,CERT,KEY, the names of files");
  }
  TlsFiles files{.ca = {flag, paths[0]}, .cert = {flag, ""}, .key = {flag, ""}};
  if (paths.size() == 3) {
    files.cert.path = paths[1];
    files.key.path = paths[2];
  }
  return Certificates::Load(std::move(files));
}

std::shared_ptr<grpc::ServerCredentials> ServerCredentials(
    const Certificates* certificates) {
  if (certificates == nullptr) return grpc::InsecureServerCredentials();
  const auto provider = WatcherOf(*certificates);
  auto options =
      MakeServerOptions<grpc::experimental::TlsServerCredentialsOptions>(
          provider);
  SetProvider(options, *certificates, provider);
  options.set_cert_request_type(
      certificates->roots_path().empty()
          ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
          : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

std::shared_ptr<grpc::ChannelCredentials> ChannelCredentials(
    const Certificates* certificates) {
  if (certificates == nullptr) return grpc::InsecureChannelCredentials();
  grpc::experimental::TlsChannelCredentialsOptions options;
  SetProvider(options, *certificates, WatcherOf(*certificates));
  options.set_certificate_verifier(
      std::make_shared<grpc::experimental::HostNameCertificateVerifier>());
  return grpc::experimental::TlsCredentials(options);
}

CertificateWatcher::CertificateWatcher(
    std::vector<std::shared_ptr<Certificates>> watched, Logger& logger)
    : logger_(logger) {
  for (auto& each : watched) {
    if (each != nullptr) watched_.push_back({std::move(each), {}});
  }
  if (watched_.empty()) return;
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void CertificateWatcher::Run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    stopped_.wait_for(lock, stop, kCertificateRefresh, [] { return false; });
    if (stop.stop_requested()) return;
    for (Watched& each : watched_) Refresh(each);
  }
}

void CertificateWatcher::AddFamilies(MetricFamilies& families) const {
  prometheus::MetricFamily family =
      GaugeFamily("gather_certificate_expiry_timestamp_seconds",
                  "When the certificate that is in use expires, in Unix time.");
  const std::lock_guard lock(mutex_);
  for (const Watched& each : watched_) {
    const FlagFile& cert = each.certificates->files().cert;
    if (cert.path.empty()) continue;
    AddSample(family, {{"flag", cert.flag}, {"file", cert.path}},
              static_cast<double>(
                  absl::ToUnixSeconds(each.certificates->material().expiry)));
  }
  if (!family.metric.empty()) families.push_back(std::move(family));
}

void CertificateWatcher::Refresh(Watched& each) {
  const absl::StatusOr<bool> changed = each.certificates->Refresh();
  const TlsFiles& files = each.certificates->files();
  if (changed.ok() && *changed) {
    const bool has_cert = !files.cert.path.empty();
    const FlagFile& shown = has_cert ? files.cert : files.ca;
    logger_.Log(
        LogLevel::kInfo, "certificates replaced",
        {{"flag", shown.flag},
         {"file", shown.path},
         {"expires", absl::FormatTime(each.certificates->material().expiry,
                                      absl::UTCTimeZone())}});
  } else if (!changed.ok() && changed.status() != each.last) {
    logger_.Log(LogLevel::kWarning, "certificates not replaced",
                {{"error", changed.status().message()}});
  }
  each.last = changed.status();
}

}  // namespace gather::ops
