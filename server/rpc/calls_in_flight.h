#ifndef GATHER_SERVER_RPC_CALLS_IN_FLIGHT_H_
#define GATHER_SERVER_RPC_CALLS_IN_FLIGHT_H_

#include <set>
#include <stop_token>
#include <string>

#include "server/async/event_loop.h"
#include "server/async/intrusive_list.h"
#include "server/async/task.h"
#include "server/rpc/server_call.h"

namespace gather::rpc {

// The calls of one loop that are in flight, so that a drain that runs out of
// time can stop them: their handlers end, and their callers are told why.
//
// Thread: the loop's, but for what says otherwise.
class CallsInFlight {
 public:
  // For as long as it lives, `call` is in flight; stopped at once where all
  // are. Neither may outlive the CallsInFlight.
  class Guard {
   public:
    Guard(CallsInFlight& calls, ServerCall& call);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    ServerCall& call_;
  };

  // Adds who has made them, as grpc::ServerContext::peer() has it.
  void AddPeers(std::set<std::string>& peers);

  // Has AwaitStop() stop all calls, and those that come later. Thread: any.
  void RequestStop() { stop_.request_stop(); }
  bool stop_requested() const { return stop_.stop_requested(); }

  // Ends once a stop was requested, and all calls were stopped for
  // StopCause::kDraining.
  async::Task<> AwaitStop(async::EventLoop& loop);

 private:
  async::IntrusiveList<ServerCall> calls_;
  std::stop_source stop_;
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_CALLS_IN_FLIGHT_H_
