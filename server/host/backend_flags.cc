#include "server/host/backend_flags.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/ops/flags/address.h"

namespace gather::host {

BackendFlags::BackendFlags(const fanout::Catalog& catalog) {
  for (const fanout::SectionInfo& section : catalog.sections) {
    const std::string name(section.backend.name);
    const auto known = std::find(names_.begin(), names_.end(), name);
    backend_of_.push_back(static_cast<std::size_t>(known - names_.begin()));
    if (known != names_.end()) continue;
    names_.push_back(name);
    flags_.push_back(
        {.name = name + "_target",
         .default_value = std::string(section.backend.default_target),
         .help = absl::StrCat("where the ", name,
                              " backend is, in gRPC's naming: host:port, "
                              "dns:///name:port")});
    flags_.push_back(
        {.name = name + "_tls",
         .default_value = "",
         .help = absl::StrCat(
             "CA or CA,CERT,KEY, PEM files: call the ", name,
             " backend over TLS, with an authority to take its certificate "
             "from, and with this process's own certificate and its key")});
  }
}

absl::Status BackendFlags::Load() {
  for (std::size_t i = 0; i < flags_.size(); i += 2) {
    const ops::TextFlag& target = flags_[i];
    const ops::TextFlag& tls = flags_[i + 1];
    absl::Status checked = ops::CheckFlagTarget(target.name, target.value);
    if (!checked.ok()) return checked;
    const std::vector<std::string> paths = tls.value.empty()
                                               ? std::vector<std::string>()
                                               : absl::StrSplit(tls.value, ',');
    auto loaded = ops::LoadClientCertificates(tls.name, paths);
    if (!loaded.ok()) return loaded.status();
    certificates_.push_back(*std::move(loaded));
  }
  return absl::OkStatus();
}

std::vector<BackendFlags::MakeChannel> BackendFlags::ChannelMakers() const {
  std::vector<MakeChannel> makers;
  for (std::size_t i = 0; i < certificates_.size(); ++i) {
    makers.emplace_back([this, i](const rpc::ChannelOptions& options) {
      return rpc::MakeChannel(flags_[2 * i].value,
                              ops::ChannelCredentials(certificates_[i].get()),
                              options);
    });
  }
  return makers;
}

std::vector<BackendFlags::Target> BackendFlags::targets() const {
  std::vector<Target> targets;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    targets.push_back({names_[i], flags_[2 * i].value});
  }
  return targets;
}

fanout::Channels BackendFlags::BySection(
    const fanout::Channels& backends) const {
  fanout::Channels channels;
  for (const std::size_t backend : backend_of_) {
    channels.push_back(backends[backend]);
  }
  return channels;
}

}  // namespace gather::host
