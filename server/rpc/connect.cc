#include "server/rpc/connect.h"

namespace gather::rpc {

void Connect(const ChannelList& channels, async::Clock::time_point deadline) {
  for (const auto& channel : channels) channel->GetState(true);
  const gpr_timespec until = async::ToTimespec(deadline);
  for (const auto& channel : channels) {
    grpc_connectivity_state state = channel->GetState(true);
    while ((state == GRPC_CHANNEL_IDLE || state == GRPC_CHANNEL_CONNECTING) &&
           channel->WaitForStateChange(state, until)) {
      state = channel->GetState(true);
    }
  }
}

}  // namespace gather::rpc
