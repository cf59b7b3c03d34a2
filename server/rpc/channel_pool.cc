#include "server/rpc/channel_pool.h"

#include <cassert>

namespace gather::rpc {
namespace {

// Asks one that is idle to connect.
bool IsConnected(const BackendChannel& channel) {
  return channel.Get()->GetState(/*try_to_connect=*/true) == GRPC_CHANNEL_READY;
}

}  // namespace

ChannelPool::ChannelPool(std::vector<BackendChannel> channels)
    : places_(std::make_shared<std::deque<Place>>()) {
  assert(!channels.empty());
  for (BackendChannel& channel : channels) {
    places_->emplace_back(std::move(channel));
  }
}

// The first that has room, or else the one with the fewest calls.
ChannelPool::Lease ChannelPool::TakeOther(Lease first) const {
  std::size_t best = 0;
  int fewest = places_->front().in_flight.load(std::memory_order_relaxed) - 1;
  for (std::size_t i = 1; i < places_->size(); ++i) {
    Place& place = (*places_)[i];
    const int calls = place.in_flight.load(std::memory_order_relaxed);
    if (calls >= fewest) continue;
    // Those behind it wait until it is connected and has filled up.
    if (!IsConnected(place.channel)) break;
    best = i;
    fewest = calls;
    if (calls < kStreams) break;
  }
  if (best == 0) {
    first.crowded_ = IsConnected(places_->front().channel);
    return first;
  }
  std::atomic<int>& in_flight = (*places_)[best].in_flight;
  in_flight.fetch_add(1, std::memory_order_relaxed);
  return Lease(in_flight, best, fewest >= kStreams);
}

}  // namespace gather::rpc
