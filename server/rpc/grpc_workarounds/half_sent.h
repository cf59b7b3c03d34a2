#ifndef GATHER_SERVER_RPC_GRPC_WORKAROUNDS_HALF_SENT_H_
#define GATHER_SERVER_RPC_GRPC_WORKAROUNDS_HALF_SENT_H_

// Works around all of gRPC so far: it reads the request of a unary call before
// anybody is told of the call, and for as long as that takes. Can go once a
// server can set a limit on that, or has calls handed to it without requests.

#include <cstdint>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "server/async/clock.h"
#include "server/rpc/grpc_workarounds/channelz.h"

namespace gather::rpc {

// Finds connections that have calls, and on which no message has come to its
// end for `limit`: what is open there is half sent, or served.
//
// Pure: knows neither gRPC nor the time.
class SilentConnections {
 public:
  explicit SilentConnections(async::Clock::duration limit) : limit_(limit) {}

  // The peers of those that are silent now.
  std::vector<std::string> Look(
      async::Clock::time_point now,
      const std::vector<ConnectionCounts>& connections);

 private:
  struct Silence {
    int64_t messages = 0;
    async::Clock::time_point since{};
  };

  const async::Clock::duration limit_;
  std::map<int64_t, Silence> silent_;  // by connection; of those with calls
};

// Looks at all connections of this process's servers, now and then, from a
// thread of its own.
//
// Thread: made and destroyed on any; `on_silent` is called on the guard's.
class HalfSentGuard {
 public:
  // Told of connections that are silent, again and again while they are.
  using OnSilent = std::function<void(const std::vector<std::string>& peers)>;

  HalfSentGuard(async::Clock::duration limit, OnSilent on_silent);
  HalfSentGuard(const HalfSentGuard&) = delete;
  HalfSentGuard& operator=(const HalfSentGuard&) = delete;

 private:
  void Watch(std::stop_token stop, async::Clock::duration limit);

  SilentConnections connections_;
  const OnSilent on_silent_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_GRPC_WORKAROUNDS_HALF_SENT_H_
