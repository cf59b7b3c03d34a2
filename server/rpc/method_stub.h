#ifndef GATHER_SERVER_RPC_METHOD_STUB_H_
#define GATHER_SERVER_RPC_METHOD_STUB_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
// How messages of Protobuf are put on the wire.
#if __has_include(<grpcpp/impl/proto_utils.h>)
#include <grpcpp/impl/proto_utils.h>
#else
#include <grpcpp/impl/codegen/proto_utils.h>
#endif
#include <grpcpp/support/async_unary_call.h>

#include <memory>
#include <string>
#include <utility>

namespace gather::rpc {

// A stub of one unary method, by its name: no generated stub is needed, and the
// messages may be others than its proto names, if they read the same bytes.
//
// Thread: any.
template <typename Request, typename Reply>
class MethodStub {
 public:
  // `method` is "package.Service/Method".
  MethodStub(std::shared_ptr<grpc::ChannelInterface> channel,
             const std::string& method)
      : stub_(std::move(channel)), path_("/" + method) {}

  // As a generated stub's PrepareAsyncMethod().
  std::unique_ptr<grpc::ClientAsyncResponseReader<Reply>> PrepareAsync(
      grpc::ClientContext* context, const Request& request,
      grpc::CompletionQueue* queue) {
    return stub_.PrepareUnaryCall(context, path_, request, queue);
  }

 private:
  grpc::TemplatedGenericStub<Request, Reply> stub_;
  const std::string path_;
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_METHOD_STUB_H_
