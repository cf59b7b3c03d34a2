#ifndef GATHER_SERVER_RPC_METHOD_H_
#define GATHER_SERVER_RPC_METHOD_H_

#include <grpcpp/completion_queue.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_unary_call.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "server/async/clock.h"
#include "server/async/counter.h"
#include "server/async/event_loop.h"
#include "server/async/operation.h"
#include "server/async/outcome.h"
#include "server/async/task.h"
#include "server/async/task_scope.h"
#include "server/rpc/admission.h"
#include "server/rpc/call_stats.h"
#include "server/rpc/send_timeout.h"
#include "server/rpc/server_call.h"
#include "server/rpc/status.h"

namespace gather::rpc {

// Told of every call that a server ends. Thread: any of the server's loops, so
// an implementation must not block: a lock that loops share is held for no
// longer than it takes to hand something over.
class CallObserver {
 public:
  virtual ~CallObserver() = default;
  virtual void OnEnd(const ServerCall& call, const grpc::Status& status) = 0;
};

// What one loop of a server needs to serve calls.
struct ServingLoop {
  ServingLoop(int loop_index,
              std::unique_ptr<grpc::ServerCompletionQueue> server_queue,
              Admission* server_admission, CallObserver* server_observer,
              bool server_tells_trace, async::Clock::duration send_timeout,
              std::size_t methods)
      : index(loop_index),
        queue(server_queue.get()),
        loop(std::move(server_queue)),
        send_timeouts(send_timeout),
        stats(methods),
        admission(server_admission),
        observer(server_observer),
        tell_trace(server_tells_trace) {}

  const int index;  // from 0
  grpc::ServerCompletionQueue* const queue;
  async::EventLoop loop;
  async::TaskScope calls;  // in flight
  TraceIds trace_ids{RandomSeed()};
  SendTimeout send_timeouts;
  std::vector<CallStats> stats;  // of each method
  async::Histogram lag{kLagBounds};
  Admission* const admission;
  CallObserver* const observer;
  const bool tell_trace;

 private:
  // All 64 bits: two loops with the same seed would make the same traces.
  static uint64_t RandomSeed() {
    std::random_device random;
    return uint64_t{random()} << 32 | random();
  }

  static constexpr std::array<std::chrono::milliseconds, 9> kLagBounds = {
      std::chrono::milliseconds(1),   std::chrono::milliseconds(2),
      std::chrono::milliseconds(5),   std::chrono::milliseconds(10),
      std::chrono::milliseconds(25),  std::chrono::milliseconds(50),
      std::chrono::milliseconds(100), std::chrono::milliseconds(500),
      std::chrono::milliseconds(2500)};
};

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
// leaves the handler is INTERNAL to the client.
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
    while (true) {
      auto call = std::make_unique<Call>(serving, name_);
      call->WatchForEnd();  // before the request is posted, or it is too late
      async::Operation<PostRequest> request(serving.loop,
                                            {this, &serving, call.get()});
      // False: the server shuts down. The notice of the end never comes then.
      if (!co_await request) co_return;
      serving.calls.Spawn(Serve(serving, std::move(call)));
    }
  }

 private:
  using Call = typename Kind::Call;

  // Not lambdas: GCC 12 has those that a coroutine makes refer to the stack
  // instead of the frame, as AddressSanitizer shows.
  struct PostRequest {
    void operator()(void* tag) const {
      (method->service_.*method->request_call_)(
          &call->context(), &call->request, &call->responder, serving->queue,
          serving->queue, tag);
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

  async::Task<> Serve(ServingLoop& serving, std::unique_ptr<Call> call) {
    serving.loop.set_activity(name_);
    call->Begin(serving.tell_trace);
    if (!index_) {
      (void)co_await Answer(serving, *call, /*admitted=*/true);
      co_return;
    }
    CallStats& stats = serving.stats[*index_];
    stats.OnStart();
    grpc::Status status;
    {
      const Admission::Ticket ticket = serving.admission->Enter();
      status = co_await Answer(serving, *call, static_cast<bool>(ticket));
    }
    // Only now: what is counted as handled is not in flight.
    stats.OnEnd(status.error_code(), async::Clock::now() - call->start());
    if (serving.observer != nullptr) serving.observer->OnEnd(*call, status);
  }

  // Runs the handler, sends what it says, and waits for the call's end.
  async::Task<grpc::Status> Answer(ServingLoop& serving, Call& call,
                                   bool admitted) {
    grpc::Status status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                        "too many requests in flight");
    // Not a conditional expression: GCC 12 destroys the temporaries of a
    // co_await in one twice.
    if (admitted) status = co_await Handle(call);
    {
      const SendTimeout::Guard sending(serving.send_timeouts, call);
      async::Operation<FinishCall> finish(serving.loop, {&call, &status});
      // False: the call is dead, and nobody reads the answer.
      co_await finish;
    }
    co_await call.End();
    co_return status;
  }

  async::Task<grpc::Status> Handle(Call& call) {
    try {
      co_return co_await Kind::Handle(handler_, call);
    } catch (...) {
      co_return ToGrpc(async::StatusOf(std::current_exception()));
    }
  }

  const char* const name_;
  const std::optional<std::size_t> index_;
  typename Kind::Service& service_;
  const RequestCall request_call_;
  const Handler handler_;
};

// A unary method. `AsyncService` is the generated class; the handler is a
// coroutine in the shape of gRPC's own synchronous methods:
//
//   Task<grpc::Status> GetUser(ServerCall& call, const GetUserRequest& request,
//                              GetUserResponse* response);
template <typename AsyncService, typename Request, typename Response>
struct UnaryKind {
  static constexpr bool kStreams = false;
  using Service = AsyncService;
  using Responder = grpc::ServerAsyncResponseWriter<Response>;
  using RequestCall = void (Service::*)(grpc::ServerContext*, Request*,
                                        Responder*, grpc::CompletionQueue*,
                                        grpc::ServerCompletionQueue*, void*);
  using Handler = std::function<async::Task<grpc::Status>(
      ServerCall&, const Request&, Response*)>;

  struct Call : ServerCall {
    Call(ServingLoop& serving, const char* method)
        : ServerCall(serving.loop, serving.index, serving.trace_ids, method),
          responder(&context()) {}

    Request request;
    Response response;
    Responder responder;
  };

  static async::Task<grpc::Status> Handle(const Handler& handler, Call& call) {
    return handler(call, call.request, &call.response);
  }

  static void Finish(Call& call, const grpc::Status& status, void* tag) {
    if (status.ok()) {
      call.responder.Finish(call.response, status, tag);
    } else {
      call.responder.FinishWithError(status, tag);
    }
  }
};
template <typename Service, typename Request, typename Response>
using UnaryMethod = ServedMethod<UnaryKind<Service, Request, Response>>;

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_METHOD_H_
