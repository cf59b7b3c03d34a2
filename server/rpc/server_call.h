#ifndef GATHER_SERVER_RPC_SERVER_CALL_H_
#define GATHER_SERVER_RPC_SERVER_CALL_H_

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server_context.h>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "server/async/clock.h"
#include "server/async/completion.h"
#include "server/async/event_loop.h"
#include "server/async/intrusive_list.h"
#include "server/rpc/call_trace.h"
#include "server/rpc/stop_cause.h"
#include "server/rpc/trace.h"

namespace gather::rpc {

class CallsInFlight;

// One inbound call, as its handler sees it.
//
// Thread: the loop's. Lifetime: outlives the handler's task.
class ServerCall : public async::ListNode {
 public:
  // `method` is "package.Service/Method", of static lifetime.
  ServerCall(async::EventLoop& loop, int loop_index, TraceIds& trace_ids,
             const char* method)
      : loop_(loop),
        loop_index_(loop_index),
        trace_ids_(trace_ids),
        method_(method),
        trace_(trace_ids, loop_index) {}
  ServerCall(const ServerCall&) = delete;
  ServerCall& operator=(const ServerCall&) = delete;

  async::EventLoop& loop() { return loop_; }
  // Which of the server's loops that is, from 0: handlers keep state a loop by
  // it, and need no lock.
  int loop_index() const { return loop_index_; }
  const char* method() const { return method_; }
  // As the ServerContext has it, which forgets it where a call is cancelled.
  const std::string& peer() const { return peer_; }
  // A generic one, which knows more than a grpc::ServerContext only where the
  // method is unknown_method.h's.
  grpc::GenericServerContext& context() { return context_; }

  // When the call was taken in.
  async::Clock::time_point start() const { return start_; }

  // The caller's deadline; time_point::max() where it set none, or one that
  // can't be read.
  async::Clock::time_point deadline() const { return deadline_; }

  // Requested as soon as the handler's answer is of no use any more, for
  // whatever stop_cause() then says. The call ends with the status of that,
  // whatever the handler returns.
  std::stop_token stop_token() const { return stop_.get_token(); }
  StopCause stop_cause() const { return stop_cause_; }
  // Once it is stopped: rpc::MayHaveExpired() as it was then.
  bool may_have_expired() const { return may_have_expired_; }

  // The caller's trace, with a span of this call's own; one that is made here
  // where the caller sent none.
  const TraceContext& trace() const { return trace_.context(); }
  // The same for who adds spans to it.
  CallTrace& call_trace() { return trace_; }
  const CallTrace& call_trace() const { return trace_; }

  // What the caller sent under `key`, which is lower-case; empty for nothing.
  std::string_view Metadata(std::string_view key) const;
  // The same where it may have sent several.
  std::vector<std::string_view> AllMetadata(std::string_view key) const;

  // A word on the call for whoever observes it, such as the request log, which
  // alone makes text of it: most calls need none. `key` has static lifetime, as
  // has a string_view.
  using LogValue =
      std::variant<std::string_view, std::string, async::Clock::duration>;
  void AddLogField(std::string_view key, LogValue value) {
    if (log_fields_.empty()) log_fields_.reserve(kUsualLogFields);
    log_fields_.emplace_back(key, std::move(value));
  }
  // The same of what went wrong: this call is worth a look, whatever its
  // status.
  void AddErrorLogField(std::string_view key, std::string value) {
    has_error_log_field_ = true;
    AddLogField(key, std::move(value));
  }
  const std::vector<std::pair<std::string_view, LogValue>>& log_fields() const {
    return log_fields_;
  }
  bool has_error_log_field() const { return has_error_log_field_; }

  // For the code that serves the call, not for handlers.
  //
  // Stops it, unless it is stopped already: the first cause stays.
  void Stop(StopCause cause);
  // The same, for the cause that gRPC had to cancel it.
  void StopAsCancelled();
  // Asks gRPC to say when the call is over. Call before the request is posted;
  // the notice comes only for a request that came back with ok=true.
  void WatchForEnd() { context_.AsyncNotifyWhenDone(ended_.tag()); }
  // Reads what came with the request. `tell_trace`: the answer is to carry the
  // trace. `spans` is where the trace is recorded, or null.
  void Begin(bool tell_trace, SpanSink* spans);
  // co_await call.End(): the notice has come. Its order against the tag of
  // Finish is open: await both before the call goes.
  auto End() { return EndAwaiter(&ended_); }

 private:
  friend class CallsInFlight;

  static constexpr std::size_t kUsualLogFields = 8;

  TraceContext ReceiveTrace();

  class EndNotice final : public async::Completion {
   public:
    explicit EndNotice(ServerCall* call) : call_(call) {}
    void Complete(bool) override {
      came_ = true;
      // Legal only now.
      if (call_->context_.IsCancelled()) call_->StopAsCancelled();
      if (waiter_) waiter_.resume();
    }

   private:
    friend class ServerCall;
    ServerCall* call_;
    bool came_ = false;
    std::coroutine_handle<> waiter_;
  };

  class EndAwaiter {
   public:
    explicit EndAwaiter(EndNotice* notice) : notice_(notice) {}
    bool await_ready() noexcept { return notice_->came_; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept {
      notice_->waiter_ = waiter;
    }
    void await_resume() noexcept {}

   private:
    EndNotice* notice_;
  };

  async::EventLoop& loop_;
  const int loop_index_;
  TraceIds& trace_ids_;
  const char* const method_;
  grpc::GenericServerContext context_;
  std::string peer_;
  async::Clock::time_point start_;
  async::Clock::time_point deadline_ = async::Clock::time_point::max();
  const CallsInFlight* in_flight_ = nullptr;  // that it is among
  StopCause stop_cause_ = StopCause::kNone;
  bool may_have_expired_ = false;
  std::stop_source stop_;
  EndNotice ended_{this};
  CallTrace trace_;
  std::vector<std::pair<std::string_view, LogValue>> log_fields_;
  bool has_error_log_field_ = false;
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_SERVER_CALL_H_
