#ifndef GATHER_SERVER_RPC_SEND_TIMEOUT_H_
#define GATHER_SERVER_RPC_SEND_TIMEOUT_H_

#include <stop_token>

#include "server/async/clock.h"
#include "server/async/event_loop.h"
#include "server/async/intrusive_list.h"
#include "server/async/task.h"
#include "server/rpc/server_call.h"

namespace gather::rpc {

// Ends calls whose caller does not take in what is sent to it. gRPC sends as
// far as the caller's flow-control window lets it, and then waits for as long
// as the connection stands: a caller that opens no window would hold a place
// among the calls in flight, and its answer's memory, all that time.
//
// One for each loop, rather than a timer for each message: most messages are
// out at once. Thread: the loop's.
class SendTimeout {
 public:
  // How long a message may take. More than 0.
  explicit SendTimeout(async::Clock::duration limit) : limit_(limit) {}

  // For as long as it lives, a message of `call` is on its way. Neither may
  // outlive the limit.
  class Guard : public async::ListNode {
   public:
    Guard(SendTimeout& limit, ServerCall& call)
        : call_(call), since_(async::Clock::now()) {
      limit.sending_.PushBack(*this);
    }
    ~Guard() { Unlink(); }

   private:
    friend class SendTimeout;
    ServerCall& call_;
    const async::Clock::time_point since_;
  };

  // Cancels calls whose message is not out within the limit, or up to a quarter
  // of it later, for StopCause::kSendTimeout, until a stop is requested.
  async::Task<> Enforce(async::EventLoop& loop, std::stop_token stop);

 private:
  void EndLateCalls(async::Clock::time_point now);

  const async::Clock::duration limit_;
  async::IntrusiveList<Guard> sending_;  // oldest first; not those given up
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_SEND_TIMEOUT_H_
