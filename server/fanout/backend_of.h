#ifndef GATHER_SERVER_FANOUT_BACKEND_OF_H_
#define GATHER_SERVER_FANOUT_BACKEND_OF_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "server/async/counter.h"
#include "server/async/singleflight.h"
#include "server/fanout/policy/backend_policies.h"
#include "server/fanout/relay.h"
#include "server/fanout/section_stats.h"
#include "server/rpc/backend_channel.h"
#include "server/rpc/call_stats.h"
#include "server/rpc/channel_pool.h"
#include "server/rpc/method_stub.h"

namespace gather::fanout {

template <typename S>
class SharedCall;  // reuse/shared_call.h

// What all loops share of a section's backend.
struct WayToBackend {
  rpc::ChannelPool channels;
  BackendPolicies& policies;
};

// One loop's way to a section's backend, what guards that for all loops, and
// what this one counts.
//
// Thread: the loop's; what it counts is read on any.
template <typename S>
class BackendOf {
 public:
  using Wire = typename ReplyTypes<typename S::Reply>::Wire;
  using Stub = rpc::MethodStub<typename S::Request, Wire>;

  explicit BackendOf(const WayToBackend& way)
      : policies(way.policies),
        channels(way.channels),
        stubs_(way.channels.size()) {}

  // For a call that begins now.
  Stub& StubFor(const rpc::ChannelPool::Lease& lease) {
    const rpc::BackendChannel& channel = channels.channel(lease.index());
    StubOfChannel& stub = stubs_[lease.index()];
    if (!stub.made || channel.generation() != stub.generation) {
      stub.generation = channel.generation();
      stub.made.emplace(channel.Get(), S::kMethod);
    }
    return *stub.made;
  }

  BackendPolicies& policies;
  const rpc::ChannelPool channels;
  rpc::CallStats calls;
  async::Histogram stream_wait{rpc::CallStats::kBounds};
  SectionStats results;
  // Those under way that more sections may wait for.
  async::Singleflight<SharedCall<S>> shared_calls;

 private:
  struct StubOfChannel {
    std::optional<Stub> made;
    uint32_t generation = 0;  // of the channel
  };

  std::vector<StubOfChannel> stubs_;
};

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_BACKEND_OF_H_
