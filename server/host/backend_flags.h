#ifndef GATHER_SERVER_HOST_BACKEND_FLAGS_H_
#define GATHER_SERVER_HOST_BACKEND_FLAGS_H_

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/fanout/aggregator.h"
#include "server/fanout/catalog.h"
#include "server/ops/flags/parse_flags.h"
#include "server/ops/tls/certificates.h"
#include "server/rpc/channel.h"
#include "server/rpc/connect.h"

namespace gather::host {

// Two flags for each backend that a section names, --NAME_target and
// --NAME_tls, and what they make: channels.
//
//   BackendFlags backends(catalog);
//   ops::ParseFlagsOrExit(argc, argv, usage, backends.flags());
//   absl::Status checked = backends.Load();
//
// Thread: one.
class BackendFlags {
 public:
  explicit BackendFlags(const fanout::Catalog& catalog);

  std::span<ops::TextFlag> flags() { return flags_; }
  std::span<const ops::TextFlag> flags() const { return flags_; }

  // Checks targets and reads certificates, once the flags are parsed. The error
  // is one line that names the flag.
  absl::Status Load();

  // Of all backends, null where there is no TLS; once loaded.
  const std::vector<std::shared_ptr<ops::Certificates>>& certificates() const {
    return certificates_;
  }

  using MakeChannel = std::function<std::shared_ptr<grpc::Channel>(
      const rpc::ChannelOptions& options)>;
  // What makes a channel to each backend. Once loaded; must not outlive *this.
  std::vector<MakeChannel> ChannelMakers() const;

  // Which backend that is, and where, in the same order. Once loaded.
  struct Target {
    std::string backend;
    std::string target;
  };
  std::vector<Target> targets() const;

  // Pools of those for each section, in the order of the catalog: sections of
  // one backend share it.
  fanout::Channels BySection(const fanout::Channels& backends) const;

 private:
  std::vector<std::string> names_;  // of backends
  // Two for each backend: target, TLS.
  std::vector<ops::TextFlag> flags_;
  // Which backend each section has.
  std::vector<std::size_t> backend_of_;
  std::vector<std::shared_ptr<ops::Certificates>> certificates_;
};

}  // namespace gather::host

#endif  // GATHER_SERVER_HOST_BACKEND_FLAGS_H_
