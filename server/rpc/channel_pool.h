#ifndef GATHER_SERVER_RPC_CHANNEL_POOL_H_
#define GATHER_SERVER_RPC_CHANNEL_POOL_H_

#include <grpcpp/channel.h>

#include <atomic>
#include <concepts>
#include <cstddef>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "server/rpc/backend_channel.h"

namespace gather::rpc {

// A backend's channels, each with connections of its own, used by need.
//
// A server says how many calls a connection carries at a time
// (SETTINGS_MAX_CONCURRENT_STREAMS, often 100), and gRPC lets the rest wait,
// unseen, until one ends. So calls go to the first channel until it has
// kStreams of them, then to the next, which connects when it is first wanted
// and is called once it has. gRPC's guide to performance calls this a pool of
// channels: https://grpc.io/docs/guides/performance/
//
//   ChannelPool::Lease lease = pool.Take();
//   ... a call on pool.channel(lease.index()) ...
//
// Copies share what they refer to. Thread: any.
class ChannelPool {
 public:
  // RFC 9113, 6.5.2: servers should allow no fewer.
  static constexpr int kStreams = 100;

  // A call's place on a channel, until it goes. Must not outlive the pool.
  class Lease {
   public:
    Lease(Lease&& other) noexcept
        : in_flight_(std::exchange(other.in_flight_, nullptr)),
          index_(other.index_),
          crowded_(other.crowded_) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (in_flight_ != nullptr) {
        in_flight_->fetch_sub(1, std::memory_order_relaxed);
      }
    }

    std::size_t index() const { return index_; }
    // The channel is connected and has had kStreams calls before this one, as
    // have all others: the call may have to wait for a stream.
    bool crowded() const { return crowded_; }

   private:
    friend class ChannelPool;
    Lease(std::atomic<int>& in_flight, std::size_t index, bool crowded)
        : in_flight_(&in_flight), index_(index), crowded_(crowded) {}

    std::atomic<int>* in_flight_;
    std::size_t index_;
    bool crowded_;
  };

  // A pool of one. Implicit: a channel is enough where calls are few.
  template <std::derived_from<grpc::ChannelInterface> Channel>
  ChannelPool(std::shared_ptr<Channel> channel)
      : ChannelPool(std::vector{BackendChannel(std::move(channel))}) {}
  // At least one, and none that shares its connections with another.
  explicit ChannelPool(std::vector<BackendChannel> channels);

  // For a call that begins now.
  Lease Take() const {
    std::atomic<int>& first = places_->front().in_flight;
    const int before = first.fetch_add(1, std::memory_order_relaxed);
    if (before < kStreams) return Lease(first, 0, false);
    return TakeOther(Lease(first, 0, false));
  }

  std::size_t size() const { return places_->size(); }
  const BackendChannel& channel(std::size_t index) const {
    return (*places_)[index].channel;
  }

 private:
  struct Place {
    explicit Place(BackendChannel c) : channel(std::move(c)) {}

    BackendChannel channel;
    std::atomic<int> in_flight{0};
  };

  Lease TakeOther(Lease first) const;

  std::shared_ptr<std::deque<Place>> places_;
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_CHANNEL_POOL_H_
