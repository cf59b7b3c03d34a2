#ifndef GATHER_SERVER_RPC_METHOD_STUB_H_
#define GATHER_SERVER_RPC_METHOD_STUB_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/impl/rpc_method.h>
// How messages of Protobuf are put on the wire.
#if __has_include(<grpcpp/impl/proto_utils.h>)
#include <grpcpp/impl/proto_utils.h>
#else
#include <grpcpp/impl/codegen/proto_utils.h>
#endif
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/async_unary_call.h>
#include <grpcpp/support/byte_buffer.h>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "google/protobuf/message_lite.h"

namespace gather::rpc {

// A stub of one unary method, by its name: no generated stub is needed, and the
// messages may be others than its proto names, if they read the same bytes.
//
// Does what a generated stub does, by the same means. gRPC's generic stub looks
// the method up anew for each call.
//
// Thread: any.
template <typename Request, typename Reply>
class MethodStub {
 public:
  // `method` is "package.Service/Method".
  MethodStub(std::shared_ptr<grpc::ChannelInterface> channel,
             const std::string& method)
      : channel_(std::move(channel)),
        path_("/" + method),
        method_(path_.c_str(), grpc::internal::RpcMethod::NORMAL_RPC,
                channel_) {}
  MethodStub(const MethodStub&) = delete;
  MethodStub& operator=(const MethodStub&) = delete;

  // As a generated stub's PrepareAsyncMethod().
  std::unique_ptr<grpc::ClientAsyncResponseReader<Reply>> PrepareAsync(
      grpc::ClientContext* context, const Request& request,
      grpc::CompletionQueue* queue) {
    using google::protobuf::MessageLite;
    // One instance of gRPC's templates for all messages of Protobuf.
    using Received = std::conditional_t<std::is_base_of_v<MessageLite, Reply>,
                                        MessageLite, Reply>;
    using Sent = std::conditional_t<std::is_base_of_v<MessageLite, Request>,
                                    MessageLite, Request>;
    using Helper = grpc::internal::ClientAsyncResponseReaderHelper;
    return std::unique_ptr<grpc::ClientAsyncResponseReader<Reply>>(
        Helper::Create<Reply, Request, Received, Sent>(
            channel_.get(), queue, method_, context, request));
  }

  // For WatchedReader (watched_reader.h).
  std::unique_ptr<grpc::ClientAsyncReader<grpc::ByteBuffer>> PrepareWatched(
      grpc::ClientContext* context, const Request& request,
      grpc::CompletionQueue* queue) {
    using Factory = grpc::internal::ClientAsyncReaderFactory<grpc::ByteBuffer>;
    return std::unique_ptr<grpc::ClientAsyncReader<grpc::ByteBuffer>>(
        Factory::Create(channel_.get(), queue, method_, context, request,
                        /*start=*/false, /*tag=*/nullptr));
  }

 private:
  const std::shared_ptr<grpc::ChannelInterface> channel_;
  const std::string path_;
  const grpc::internal::RpcMethod method_;
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_METHOD_STUB_H_
