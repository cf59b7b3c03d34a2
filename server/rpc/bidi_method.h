#ifndef GATHER_SERVER_RPC_BIDI_METHOD_H_
#define GATHER_SERVER_RPC_BIDI_METHOD_H_

#include <grpcpp/support/async_stream.h>

#include <functional>

#include "server/async/operation.h"
#include "server/async/task.h"
#include "server/rpc/method.h"
#include "server/rpc/send_timeout.h"
#include "server/rpc/server_call.h"
#include "server/rpc/serving_loop.h"

namespace gather::rpc {

// Both directions of a stream, as its handler sees them.
//
// Thread: the loop's. One operation at a time; each is awaited.
// Cancellation: that of the call.
template <typename Request, typename Response>
class MessageStream {
 public:
  using Stream = grpc::ServerAsyncReaderWriter<Response, Request>;

  MessageStream(ServingLoop& serving, ServerCall& call, Stream& stream)
      : serving_(serving), call_(call), stream_(stream) {}
  MessageStream(const MessageStream&) = delete;
  MessageStream& operator=(const MessageStream&) = delete;

  // False where none comes any more: the caller has sent all, or the call is
  // dead, as it is where the caller sends nothing for as long as it may take to
  // take a message in (send_timeout.h). `request` must live until the await
  // ends.
  async::Task<bool> Read(Request* request) {
    const SendTimeout::Guard waiting(serving_.send_timeouts, call_);
    async::Operation<StartRead> read(serving_.loop, {&stream_, request});
    co_return co_await read;
  }

  // As StreamWriter's.
  async::Task<bool> Write(const Response& response) {
    const SendTimeout::Guard sending(serving_.send_timeouts, call_);
    async::Operation<StartWrite> write(serving_.loop, {&stream_, &response});
    co_return co_await write;
  }

 private:
  struct StartRead {
    void operator()(void* tag) const { stream->Read(request, tag); }
    Stream* stream;
    Request* request;
  };
  struct StartWrite {
    void operator()(void* tag) const { stream->Write(*response, tag); }
    Stream* stream;
    const Response* response;
  };

  ServingLoop& serving_;
  ServerCall& call_;
  Stream& stream_;
};

// A method that streams both ways. The handler is a coroutine:
//
//   Task<grpc::Status> Chat(ServerCall& call,
//                           MessageStream<ChatRequest, ChatResponse>& stream);
//
// The stream ends with the status that it returns. No operation must be pending
// then.
template <typename AsyncService, typename Request, typename Response>
struct BidiKind {
  static constexpr bool kStreams = true;
  static constexpr bool kTakesTurns = true;
  using Service = AsyncService;
  using Responder = grpc::ServerAsyncReaderWriter<Response, Request>;
  using RequestCall = void (Service::*)(grpc::ServerContext*, Responder*,
                                        grpc::CompletionQueue*,
                                        grpc::ServerCompletionQueue*, void*);
  using Handler = std::function<async::Task<grpc::Status>(
      ServerCall&, MessageStream<Request, Response>&)>;

  struct Call : ServerCall {
    Call(ServingLoop& serving, const char* method)
        : ServerCall(serving.loop, serving.index, serving.trace_ids, method),
          responder(&context()),
          stream(serving, *this, responder) {}

    Responder responder;
    MessageStream<Request, Response> stream;
  };

  static async::Task<grpc::Status> Handle(const Handler& handler, Call& call) {
    return handler(call, call.stream);
  }

  static void Finish(Call& call, const grpc::Status& status, void* tag) {
    call.responder.Finish(status, tag);
  }
};
template <typename Service, typename Request, typename Response>
using BidiMethod = ServedMethod<BidiKind<Service, Request, Response>>;

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_BIDI_METHOD_H_
