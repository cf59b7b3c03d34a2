#ifndef GATHER_SERVER_RPC_CONNECT_H_
#define GATHER_SERVER_RPC_CONNECT_H_

#include <grpcpp/channel.h>

#include <memory>
#include <vector>

#include "server/async/clock.h"

namespace gather::rpc {

using ChannelList = std::vector<std::shared_ptr<grpc::Channel>>;

// Has all channels connect, and waits until each has, or has failed to once, at
// most until `deadline`: a burst of first calls need not wait for handshakes,
// nor those for it.
//
// Thread: any that may block.
void Connect(const ChannelList& channels, async::Clock::time_point deadline);

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_CONNECT_H_
