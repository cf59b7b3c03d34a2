#ifndef GATHER_SERVER_RPC_CHANNEL_H_
#define GATHER_SERVER_RPC_CHANNEL_H_

#include <grpcpp/channel.h>
#include <grpcpp/security/credentials.h>

#include <memory>
#include <string>

namespace gather::rpc {

struct ChannelOptions {
  // The largest reply that is read, in bytes.
  int max_reply_bytes = 4 * 1024 * 1024;
};

// A channel with defaults that keep a server up (gRPC's own are unlimited or
// very long): a limit on replies, a quick return to a backend that comes back,
// keepalive, no surprise proxy, load spread over all addresses of a name. Does
// not wait for a connection, and never fails: calls do.
//
// Thread: any. Channels with the same target and options share connections.
std::shared_ptr<grpc::Channel> MakeChannel(
    const std::string& target,
    const std::shared_ptr<grpc::ChannelCredentials>& credentials,
    const ChannelOptions& options = {});

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_CHANNEL_H_
