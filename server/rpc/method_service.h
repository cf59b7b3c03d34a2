#ifndef GATHER_SERVER_RPC_METHOD_SERVICE_H_
#define GATHER_SERVER_RPC_METHOD_SERVICE_H_

#include <grpcpp/completion_queue.h>
#include <grpcpp/impl/rpc_method.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/async_unary_call.h>

#include <string>

namespace gather::rpc {

// One method as a service of its own, by its name: what MethodStub is at the
// other end. No generated service is needed, and the messages may be others
// than its proto names, if they are the same bytes.
//
// Lifetime: outlives the server.
class MethodService final : public grpc::Service {
 public:
  // `name` is "package.Service/Method".
  MethodService(const std::string& name,
                grpc::internal::RpcMethod::RpcType type)
      : path_("/" + name) {
    AddMethod(
        new grpc::internal::RpcServiceMethod(path_.c_str(), type, nullptr));
    MarkMethodAsync(0);
  }

  // As a generated service's RequestMethod().
  template <typename Request, typename Response>
  void RequestUnary(grpc::ServerContext* context, Request* request,
                    grpc::ServerAsyncResponseWriter<Response>* response,
                    grpc::CompletionQueue* call_queue,
                    grpc::ServerCompletionQueue* queue, void* tag) {
    RequestAsyncUnary(0, context, request, response, call_queue, queue, tag);
  }
  // The same where the answer is a stream.
  template <typename Request, typename Response>
  void RequestStream(grpc::ServerContext* context, Request* request,
                     grpc::ServerAsyncWriter<Response>* response,
                     grpc::CompletionQueue* call_queue,
                     grpc::ServerCompletionQueue* queue, void* tag) {
    RequestAsyncServerStreaming(0, context, request, response, call_queue,
                                queue, tag);
  }

 private:
  const std::string path_;
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_METHOD_SERVICE_H_
