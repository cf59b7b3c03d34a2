#ifndef GATHER_SERVER_RPC_METHOD_H_
#define GATHER_SERVER_RPC_METHOD_H_

#include <grpcpp/support/status.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "server/async/clock.h"
#include "server/async/operation.h"
#include "server/async/outcome.h"
#include "server/async/task.h"
#include "server/async/task_scope.h"
#include "server/async/timer.h"
#include "server/rpc/admission.h"
#include "server/rpc/calls_in_flight.h"
#include "server/rpc/rpc_spans.h"
#include "server/rpc/send_timeout.h"
#include "server/rpc/serving_loop.h"
#include "server/rpc/stop_cause.h"

namespace gather::rpc {

namespace detail {

// INTERNAL, with the exception's words where there is memory for them.
grpc::Status ExceptionStatus(std::exception_ptr error) noexcept;

// RESOURCE_EXHAUSTED, with a google.rpc.RetryInfo. Made once: under overload a
// refusal has to cost little.
const grpc::Status& TooManyInFlight();
const grpc::Status& TooBusy();

// With so few calls in flight none need wait for its turn, which would cost a
// look at the queue.
inline constexpr int64_t kBegunAtOnce = 8;

// A loop that was later than this is told of in the log of the calls that it
// held up.
inline constexpr std::chrono::milliseconds kLateWorthSaying(100);

// How long a method takes no calls where it has no memory to.
inline constexpr std::chrono::milliseconds kAcceptAgainAfter(100);

}  // namespace detail

// A method that a server serves: keeps a request posted on a loop until the
// server shuts down.
class Method {
 public:
  virtual ~Method() = default;
  // "package.Service/Method".
  virtual const char* name() const = 0;
  // Whether it answers with a stream.
  virtual bool streams() const = 0;
  virtual async::Task<> Accept(ServingLoop& serving) = 0;
};

// Serves the calls of a method, whatever their kind: takes them in, admits
// them, runs the handler, finishes, and waits for the end. An exception that
// leaves the handler is INTERNAL to the client. Without memory to take a call
// in, it says so and tries again a little later.
//
// What differs is in `Kind`: see UnaryKind for what it has.
template <typename Kind>
class ServedMethod final : public Method {
 public:
  using RequestCall = typename Kind::RequestCall;
  using Handler = typename Kind::Handler;

  // `index` is its place among the server's methods; none for one of the
  // server's own, such as health checking, which is neither limited nor counted
  // nor observed: it has to work where nothing else does.
  ServedMethod(const char* name, std::optional<std::size_t> index,
               typename Kind::Service& service, RequestCall request_call,
               Handler handler)
      : name_(name),
        index_(index),
        service_(service),
        request_call_(request_call),
        handler_(std::move(handler)) {}

  const char* name() const override { return name_; }
  bool streams() const override { return Kind::kStreams; }

  async::Task<> Accept(ServingLoop& serving) override {
    bool failed = false;
    while (true) {
      try {
        if (std::exchange(failed, false)) {
          async::SleepUntil pause =
              async::SleepFor(serving.loop, detail::kAcceptAgainAfter);
          (void)co_await pause;
        }
        // All that the call needs to be ended is allocated before the request
        // is posted: from then on there is somebody who waits for it.
        auto call = std::make_unique<Call>(serving, name_);
        Call* const posted = call.get();
        async::TaskScope::Prepared serve =
            serving.calls.Prepare(Serve(serving, std::move(call)));
        posted->WatchForEnd();  // before the request is posted, or never
        async::Operation<PostRequest> request(serving.loop,
                                              {this, &serving, posted});
        // False: the server shuts down. The notice of the end never comes then.
        const bool taken_in = co_await request;
        if (!taken_in) co_return;
        serve.Start();
      } catch (...) {
        failed = true;
        serving.Report("accepting", name_,
                       async::StatusOf(std::current_exception()));
      }
      // Also where there is no memory for the pause.
      if (failed) co_await serving.loop.Yield();
    }
  }

 private:
  using Call = typename Kind::Call;

  // Not in the coroutine, nor in a lambda: under UndefinedBehaviorSanitizer,
  // GCC 12 gets calls through a pointer to member wrong there
  // (decisions/0016-gcc-12-coroutines.md).
  struct PostRequest {
    void operator()(void* tag) const {
      if constexpr (requires { call->request; }) {
        (method->service_.*method->request_call_)(
            &call->context(), &call->request, &call->responder, serving->queue,
            serving->queue, tag);
      } else {  // the handler reads what the caller sends
        (method->service_.*method->request_call_)(
            &call->context(), &call->responder, serving->queue, serving->queue,
            tag);
      }
    }
    ServedMethod* method;
    ServingLoop* serving;
    Call* call;
  };
  struct FinishCall {
    void operator()(void* tag) const { Kind::Finish(*call, *status, tag); }
    Call* call;
    const grpc::Status* status;
  };

  // One call, from its request to its end. Whatever throws on the way, the
  // tags of Finish and of the end's notice are waited for. What the call came
  // to is decided here, and nowhere else.
  async::Task<> Serve(ServingLoop& serving, std::unique_ptr<Call> owned) {
    Call& call = *owned;
    serving.loop.set_activity(name_);
    if (index_) serving.stats[*index_].OnStart();
    grpc::Status status;
    {
      const CallsInFlight::Guard in_flight(serving.calls_in_flight, call);
      const Admission::Ticket ticket =
          (index_ ? serving.admission : serving.unlimited).Enter();
      try {
        call.Begin(serving.options.tell_trace, serving.options.spans);
        bool in_time = true;
        if (ticket && index_ && Kind::kTakesTurns &&
            serving.admission.in_flight() > detail::kBegunAtOnce) {
          in_time = co_await AwaitTurn(serving, call);
        }
        if (!ticket) {
          status = detail::TooManyInFlight();
        } else if (!in_time) {
          status = detail::TooBusy();
        } else if (call.stop_cause() == StopCause::kNone) {
          status = co_await Kind::Handle(handler_, call);
        }
      } catch (...) {
        status = detail::ExceptionStatus(std::current_exception());
      }
      if (call.stop_cause() != StopCause::kNone) {
        status = StopStatus(call.stop_cause());
      }
      bool sent = false;
      try {
        const SendTimeout::Guard sending(serving.send_timeouts, call);
        async::Operation<FinishCall> finish(serving.loop, {&call, &status});
        sent = co_await finish;
      } catch (...) {  // before anything was started
        call.Stop(StopCause::kSendFailed);
        call.context().TryCancel();
      }
      co_await call.End();
      if (!sent || call.context().IsCancelled()) {
        call.StopAsCancelled();
        status = StopStatus(call.stop_cause());
      }
      if (call.may_have_expired()) serving.expired.Add();
    }
    // Only now: what is counted as handled is not in flight.
    if (index_) Record(serving, call, status);
  }

  // Waits for the loop, which finishes first what it has begun; false where the
  // call would be answered too late.
  static async::Task<bool> AwaitTurn(ServingLoop& serving, Call& call) {
    if (!serving.shed.Enter(call.start(), call.deadline())) co_return false;
    co_await serving.loop.WhenIdle();
    co_return serving.shed.Begin(async::Clock::now(), call.start(),
                                 call.deadline());
  }

  void Record(ServingLoop& serving, Call& call,
              const grpc::Status& status) const noexcept {
    const async::Clock::time_point now = async::Clock::now();
    serving.stats[*index_].OnEnd(status.error_code(), now - call.start());
    try {
      if (call.call_trace().recording()) RecordServed(call, status, now);
      if (serving.options.observer == nullptr) return;
      // Else a call that took a minute would look like its backends' fault.
      const async::Clock::duration late =
          serving.lateness.Longest(call.start(), now);
      if (late > detail::kLateWorthSaying) call.AddLogField("loop_late", late);
      serving.options.observer->OnEnd(call, status);
    } catch (...) {
      serving.Report("observing", name_,
                     async::StatusOf(std::current_exception()));
    }
  }

  const char* const name_;
  const std::optional<std::size_t> index_;
  typename Kind::Service& service_;
  const RequestCall request_call_;
  const Handler handler_;
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_METHOD_H_
