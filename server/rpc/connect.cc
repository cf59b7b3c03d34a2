#include "server/rpc/connect.h"

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

namespace gather::rpc {
namespace {

void KeepTrying(std::stop_token stop, const ChannelList& channels,
                std::chrono::milliseconds period) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  while (!stopped.wait_for(lock, stop, period,
                           [&stop] { return stop.stop_requested(); })) {
    for (const auto& channel : channels) {
      grpc::experimental::ChannelResetConnectionBackoff(channel.get());
    }
  }
}

}  // namespace

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

Reconnector::Reconnector(ChannelList channels, std::chrono::milliseconds period)
    : thread_([channels = std::move(channels), period](std::stop_token stop) {
        KeepTrying(std::move(stop), channels, period);
      }) {}

}  // namespace gather::rpc
