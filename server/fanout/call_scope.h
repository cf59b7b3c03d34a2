#ifndef GATHER_SERVER_FANOUT_CALL_SCOPE_H_
#define GATHER_SERVER_FANOUT_CALL_SCOPE_H_

#include <stop_token>
#include <utility>

#include "grpcpp/client_context.h"
#include "server/async/event_loop.h"
#include "server/async/linked_stop.h"
#include "server/fanout/reason.h"
#include "server/rpc/call_trace.h"
#include "server/rpc/trace.h"

namespace gather::fanout {

// On whose behalf a section's backend is called: a request's fan-out, or all
// who share the call (reuse/shared_call.h). Says where the calls run, what they
// carry, and when they are to stop.
//
// Thread: the loop's. Lifetime: outlives its calls.
class CallScope {
 public:
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

  async::EventLoop& loop() const { return loop_; }
  // Which of the server's loops that is, from 0.
  int loop_index() const { return loop_index_; }

  std::stop_token stop_token() const { return stop_.token(); }
  bool stopped() const { return stop_.token().stop_requested(); }
  void RequestStop() { stop_.source().request_stop(); }

  // Stopped though somebody would have had it: the time was up.
  virtual bool stopped_early() const = 0;
  // Gives a section that was stopped for that its reason.
  virtual void Explain(Failure& failure) const = 0;

  // Adds what goes with a call: a span, whose id it gives, 0 where the backend
  // is told of none; and what is forwarded of a caller's metadata.
  virtual rpc::SpanId AddMetadata(grpc::ClientContext& call) const = 0;
  // Where the calls' spans are recorded.
  virtual const rpc::CallTrace& call_trace() const = 0;

 protected:
  // Stops where `parent` does.
  CallScope(async::EventLoop& loop, int loop_index, std::stop_token parent)
      : loop_(loop), loop_index_(loop_index), stop_(std::move(parent)) {}
  ~CallScope() = default;

 private:
  async::EventLoop& loop_;
  const int loop_index_;
  async::LinkedStop stop_;
};

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_CALL_SCOPE_H_
