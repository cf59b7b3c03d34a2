#ifndef GATHER_SERVER_RPC_STREAM_METHOD_H_
#define GATHER_SERVER_RPC_STREAM_METHOD_H_

#include <grpcpp/support/async_stream.h>

#include <cassert>
#include <coroutine>
#include <functional>

#include "server/async/completion.h"
#include "server/async/event_loop.h"
#include "server/async/task.h"
#include "server/rpc/method.h"
#include "server/rpc/server_call.h"

namespace gather::rpc {

// Where the handler of a server-streaming method puts its messages.
//
//   bool sent = co_await writer.Write(message);
//
// True once gRPC has room for the next message: a reader that is slow makes the
// await last, and so the handler wait. False where the call is dead: nothing
// that is written from then on arrives.
//
// Thread: the loop's. One write at a time; each is awaited.
// Cancellation: that of the call, which ServerCall::context().TryCancel()
// brings about where a reader is slower than the handler can bear.
template <typename Message>
class StreamWriter {
 public:
  StreamWriter(async::EventLoop& loop, grpc::ServerAsyncWriter<Message>& writer)
      : loop_(loop), writer_(writer) {}
  StreamWriter(const StreamWriter&) = delete;
  StreamWriter& operator=(const StreamWriter&) = delete;

  // `message` must live until the await ends.
  class WriteAwaiter;
  WriteAwaiter Write(const Message& message) {
    return WriteAwaiter(*this, message);
  }

 private:
  async::EventLoop& loop_;
  grpc::ServerAsyncWriter<Message>& writer_;
};

template <typename Message>
class [[nodiscard]] StreamWriter<Message>::WriteAwaiter final
    : public async::Completion {
 public:
  WriteAwaiter(StreamWriter& writer, const Message& message)
      : writer_(writer), message_(message) {}

  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    assert(writer_.loop_.IsCurrentThread());
    waiter_ = waiter;
    set_activity(writer_.loop_.activity());
    writer_.writer_.Write(message_, tag());
  }
  bool await_resume() noexcept { return ok_; }

 private:
  void Complete(bool ok) override {
    ok_ = ok;
    waiter_.resume();
  }

  StreamWriter& writer_;
  const Message& message_;
  std::coroutine_handle<> waiter_;
  bool ok_ = false;
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
          writer(serving.loop, responder) {}

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
