#ifndef GATHER_SERVER_RPC_CONNECT_H_
#define GATHER_SERVER_RPC_CONNECT_H_

#include <grpcpp/channel.h>

#include <chrono>
#include <memory>
#include <thread>
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

// Keeps channels from waiting long before they try again: gRPC doubles the time
// between two look-ups of a name that does not exist, up to two minutes, and
// that is in no option. A name that comes back is found within `period`.
//
// What is asked of a name server that is down is one question a period for each
// channel; none of one that has answered, while its addresses are reachable.
//
// Thread: one of its own, from construction to destruction.
class Reconnector {
 public:
  explicit Reconnector(ChannelList channels, std::chrono::milliseconds period =
                                                 std::chrono::seconds(1));

 private:
  std::jthread thread_;
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_CONNECT_H_
