#ifndef GATHER_SERVER_RPC_GRPC_WORKAROUNDS_CHANNEL_RENEWAL_H_
#define GATHER_SERVER_RPC_GRPC_WORKAROUNDS_CHANNEL_RENEWAL_H_

// Works around gRPC 1.51, whose ChannelResetConnectionBackoff does not reach
// the DNS resolver. Can go once it does, and tests/e2e/faults/name_test.py
// holds.

#include <grpcpp/channel.h>

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "server/async/clock.h"
#include "server/rpc/backend_channel.h"

namespace gather::rpc {

// Replaces a backend's channel that stays broken by a new one, once that works.
// A channel asks for its name again after a time that grows to two minutes, and
// holds on to what it knows of addresses, such as which are ejected as
// outliers. A new channel knows neither, and starts at once. So a backend is
// whole again within 2 s of its return, however long it was away, under
// whichever address.
//
//   ChannelRenewal renewal({{channel, [=] { return MakeChannel(target); }}});
//
// As long as the old channel works, or nothing new does, it stays: its calls
// fail at once, where those of one that connects would wait.
//
// Thread: has one of its own, on which `make` is called. Lifetime: stops when
// it goes.
class ChannelRenewal {
 public:
  struct Watched {
    BackendChannel channel;
    std::function<std::shared_ptr<grpc::Channel>()> make;
    // What `channel` is at first.
    std::shared_ptr<grpc::Channel> current;
    // Connects again by itself where the other side closed it.
    bool keep_connected = true;
  };

  explicit ChannelRenewal(std::vector<Watched> channels);
  ChannelRenewal(const ChannelRenewal&) = delete;
  ChannelRenewal& operator=(const ChannelRenewal&) = delete;

 private:
  struct Entry {
    Watched watched;
    bool broken = false;
    async::Clock::time_point broken_since;
    std::shared_ptr<grpc::Channel> candidate;
    async::Clock::time_point candidate_since;
  };

  void Run(const std::stop_token& stop);
  static void Look(Entry& entry, async::Clock::time_point now);
  static bool IsHopeless(const Entry& entry, async::Clock::time_point now);

  std::vector<Entry> entries_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_GRPC_WORKAROUNDS_CHANNEL_RENEWAL_H_
