#ifndef GATHER_SERVER_RPC_UNKNOWN_METHOD_H_
#define GATHER_SERVER_RPC_UNKNOWN_METHOD_H_

#include <grpcpp/generic/async_generic_service.h>

#include <cstddef>
#include <string>

#include "server/async/task.h"
#include "server/rpc/method.h"
#include "server/rpc/server_call.h"
#include "server/rpc/serving_loop.h"

namespace gather::rpc {

// All methods that a server does not have, as one: answered with UNIMPLEMENTED,
// as gRPC would. What gRPC answers by itself it takes from a list that nothing
// bounds, one call at a time: 300,000 that were cancelled took 4.3 GB. Here
// they are limited, counted and logged like any others, and seen by the guard
// against resets (decisions/0024-unknown-methods.md).
struct UnknownKind {
  // The label that metrics have for it, for what callers make up is endless.
  static constexpr char kName[] = "unknown/unknown";
  static constexpr bool kStreams = false;
  static constexpr bool kTakesTurns = false;  // it has nothing to do
  using Service = grpc::AsyncGenericService;
  using Responder = grpc::GenericServerAsyncReaderWriter;
  using RequestCall = void (Service::*)(grpc::GenericServerContext*, Responder*,
                                        grpc::CompletionQueue*,
                                        grpc::ServerCompletionQueue*, void*);
  struct Handler {};

  struct Call : ServerCall {
    Call(ServingLoop& serving, const char* method)
        : ServerCall(serving.loop, serving.index, serving.trace_ids, method),
          responder(&context()) {}

    Responder responder;
  };

  static async::Task<grpc::Status> Handle(const Handler&, Call& call) {
    constexpr std::size_t kMostOfName = 100;
    call.AddLogField("asked_for",
                     call.context().method().substr(0, kMostOfName));
    co_return grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "");
  }

  static void Finish(Call& call, const grpc::Status& status, void* tag) {
    call.responder.Finish(status, tag);
  }
};
using UnknownMethod = ServedMethod<UnknownKind>;

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_UNKNOWN_METHOD_H_
