#ifndef GATHER_SERVER_RPC_UNARY_METHOD_H_
#define GATHER_SERVER_RPC_UNARY_METHOD_H_

#include <grpcpp/completion_queue.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_unary_call.h>

#include <functional>

#include "server/async/task.h"
#include "server/rpc/method.h"
#include "server/rpc/server_call.h"
#include "server/rpc/serving_loop.h"

namespace gather::rpc {

// A unary method. `AsyncService` is the generated class; the handler is a
// coroutine in the shape of gRPC's own synchronous methods:
//
//   Task<grpc::Status> GetUser(ServerCall& call, const GetUserRequest& request,
//                              GetUserResponse* response);
template <typename AsyncService, typename Request, typename Response>
struct UnaryKind {
  static constexpr bool kStreams = false;
  static constexpr bool kTakesTurns = true;
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

#endif  // GATHER_SERVER_RPC_UNARY_METHOD_H_
