#ifndef GATHER_SERVER_RPC_CHANNEL_H_
#define GATHER_SERVER_RPC_CHANNEL_H_

#include <grpcpp/channel.h>
#include <grpcpp/security/credentials.h>

#include <chrono>
#include <memory>
#include <string>

namespace gather::rpc {

struct ChannelOptions {
  // The largest reply that is read, in bytes.
  int max_reply_bytes = 4 * 1024 * 1024;
  // How long one attempt to connect may take: as long as a call can wait for
  // it, or an attempt that only waits for its turn on our own loops is begun
  // anew for ever.
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(3);
  // How often the other side is asked for a sign of life, and how long it may
  // take. Servers of gRPC end a connection (too_many_pings) that asks more
  // often than every 5 minutes, or at all while it has no call, unless they
  // were told to allow it, as rpc::Server allows it down to every 5 s.
  std::chrono::milliseconds keepalive_time = std::chrono::minutes(5);
  std::chrono::milliseconds keepalive_timeout = std::chrono::seconds(2);
  bool keepalive_without_calls = false;
  // Channels with different numbers share no connection (channel_pool.h).
  int connection = 0;
};

// A channel with defaults that keep a server up (gRPC's own are unlimited or
// very long): a limit on replies, a quick return to a backend that comes back,
// keepalive, no surprise proxy. Calls are spread over all addresses of a name,
// but for those that fail most calls or whose health service says that they
// don't serve (decisions/0017-replicas.md). Does not wait for a connection, and
// never fails: calls do.
//
// Thread: any. Channels with the same target and options share connections.
std::shared_ptr<grpc::Channel> MakeChannel(
    const std::string& target,
    const std::shared_ptr<grpc::ChannelCredentials>& credentials,
    const ChannelOptions& options = {});

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_CHANNEL_H_
