#ifndef GATHER_SERVER_RPC_BACKEND_CHANNEL_H_
#define GATHER_SERVER_RPC_BACKEND_CHANNEL_H_

#include <grpcpp/channel.h>

#include <atomic>
#include <concepts>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace gather::rpc {

// A backend's channel, which may be replaced by another to the same backend
// (grpc_workarounds/channel_renewal.h). Copies share what they refer to.
//
// Stubs are made of one channel: whoever keeps a stub compares generation()
// before a call, and makes a new one where it has changed. Calls in flight stay
// with the channel that they began on, and keep it.
//
// Thread: any.
class BackendChannel {
 public:
  // Not null. Implicit: a channel that nobody replaces is one, too.
  template <std::derived_from<grpc::ChannelInterface> Channel>
  BackendChannel(std::shared_ptr<Channel> channel)
      : state_(std::make_shared<State>(std::move(channel))) {}

  std::shared_ptr<grpc::ChannelInterface> Get() const {
    const std::lock_guard lock(state_->mutex);
    return state_->channel;
  }

  // Read before Get(), so that what changes in between is seen the next time.
  uint32_t generation() const {
    return state_->generation.load(std::memory_order_acquire);
  }

  void Replace(std::shared_ptr<grpc::ChannelInterface> channel) {
    const std::lock_guard lock(state_->mutex);
    state_->channel = std::move(channel);
    state_->generation.fetch_add(1, std::memory_order_release);
  }

 private:
  struct State {
    explicit State(std::shared_ptr<grpc::ChannelInterface> first)
        : channel(std::move(first)) {}

    std::mutex mutex;
    std::shared_ptr<grpc::ChannelInterface> channel;  // guarded by mutex
    std::atomic<uint32_t> generation{0};
  };

  std::shared_ptr<State> state_;
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_BACKEND_CHANNEL_H_
