#ifndef GATHER_SERVER_RPC_STREAM_METHOD_H_
#define GATHER_SERVER_RPC_STREAM_METHOD_H_

#include <grpcpp/support/async_stream.h>

#include <functional>

#include "server/async/operation.h"
#include "server/async/task.h"
#include "server/rpc/method.h"
#include "server/rpc/send_timeout.h"
#include "server/rpc/server_call.h"
#include "server/rpc/serving_loop.h"

namespace gather::rpc {

// Where the handler of a server-streaming method puts its messages.
//
//   bool sent = co_await writer.Write(message);
//
// Thread: the loop's. One write at a time; each is awaited.
// Cancellation: that of the call.
template <typename Message>
class StreamWriter {
 public:
  StreamWriter(ServingLoop& serving, ServerCall& call,
               grpc::ServerAsyncWriter<Message>& writer)
      : serving_(serving), call_(call), writer_(writer) {}
  StreamWriter(const StreamWriter&) = delete;
  StreamWriter& operator=(const StreamWriter&) = delete;

  // True once gRPC has room for the next message: a reader that is slow makes
  // the await last, and so the handler wait. False where the call is dead, as
  // it is where the reader takes longer than the server's limit: nothing that
  // is written from then on arrives. `message` must live until the await ends.
  async::Task<bool> Write(const Message& message) {
    const SendTimeout::Guard sending(serving_.send_timeouts, call_);
    async::Operation<StartWrite> write(serving_.loop, {&writer_, &message});
    co_return co_await write;
  }

 private:
  struct StartWrite {
    void operator()(void* tag) const { writer->Write(*message, tag); }
    grpc::ServerAsyncWriter<Message>* writer;
    const Message* message;
  };

  ServingLoop& serving_;
  ServerCall& call_;
  grpc::ServerAsyncWriter<Message>& writer_;
};

// A server-streaming method. The handler is a coroutine:
//
//   Task<grpc::Status> ListUsers(ServerCall& call,
//                                const ListUsersRequest& request,
//                                StreamWriter<ListUsersResponse>& writer);
//
// The stream ends with the status that it returns. A write must not be pending
// then.
template <typename AsyncService, typename Request, typename Response>
struct StreamKind {
  static constexpr bool kStreams = true;
  static constexpr bool kTakesTurns = true;
  using Service = AsyncService;
  using Responder = grpc::ServerAsyncWriter<Response>;
  using RequestCall = void (Service::*)(grpc::ServerContext*, Request*,
                                        Responder*, grpc::CompletionQueue*,
                                        grpc::ServerCompletionQueue*, void*);
  using Handler = std::function<async::Task<grpc::Status>(
      ServerCall&, const Request&, StreamWriter<Response>&)>;

  struct Call : ServerCall {
    Call(ServingLoop& serving, const char* method)
        : ServerCall(serving.loop, serving.index, serving.trace_ids, method),
          responder(&context()),
          writer(serving, *this, responder) {}

    Request request;
    Responder responder;
    StreamWriter<Response> writer;
  };

  static async::Task<grpc::Status> Handle(const Handler& handler, Call& call) {
    return handler(call, call.request, call.writer);
  }

  static void Finish(Call& call, const grpc::Status& status, void* tag) {
    call.responder.Finish(status, tag);
  }
};
template <typename Service, typename Request, typename Response>
using StreamMethod = ServedMethod<StreamKind<Service, Request, Response>>;

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_STREAM_METHOD_H_
