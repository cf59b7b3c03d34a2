#ifndef GATHER_CLIENT_CHANNEL_H_
#define GATHER_CLIENT_CHANNEL_H_

#include <memory>
#include <string>

#include "grpcpp/channel.h"
#include "server/ops/tls/tls_files.h"

namespace gather::client {

// A channel to `target`: over TLS where `tls` names an authority, else in plain
// text. Connects with the first call; a target that can't be reached or
// trusted, or a file that has gone since it was checked, shows there, as
// UNAVAILABLE.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& target,
                                           const ops::TlsFiles& tls);

}  // namespace gather::client

#endif  // GATHER_CLIENT_CHANNEL_H_
