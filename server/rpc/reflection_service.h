#ifndef GATHER_SERVER_RPC_REFLECTION_SERVICE_H_
#define GATHER_SERVER_RPC_REFLECTION_SERVICE_H_

#include <grpcpp/server_builder.h>
#include <grpcpp/support/status.h>

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "server/async/task.h"
#include "server/rpc/admission.h"
#include "server/rpc/bidi_method.h"
#include "server/rpc/method.h"
#include "server/rpc/reflection.h"
#include "server/rpc/server_call.h"

namespace gather::rpc {

// grpc.reflection.v1 and v1alpha on the server's own loops. Not gRPC's plugin:
// that has a thread for each stream, a list of those that wait for one that
// nothing bounds, and v1alpha alone (decisions/0024-unknown-methods.md).
//
// Thread: handlers run on loops, EndStreams() on any, the others before they
// do. Lifetime: outlives the server's calls.
class ReflectionService {
 public:
  // At a time: nothing else bounds streams that stand and ask nothing.
  static constexpr int kMaxStreams = 16;

  ReflectionService();

  void AddService(const std::string& name) { reflection_.AddService(name); }

  // Has the builder serve both, by the methods that are returned.
  std::vector<std::unique_ptr<Method>> AddTo(grpc::ServerBuilder& builder);

  // Streams end, or they would hold up a drain.
  void EndStreams() { end_.request_stop(); }

 private:
  // The messages of both are the same.
  template <typename Request, typename Response>
  async::Task<grpc::Status> Serve(ServerCall& call,
                                  MessageStream<Request, Response>& stream);

  Reflection reflection_;
  Admission streams_{kMaxStreams};
  std::stop_source end_;
  grpc::reflection::v1::ServerReflection::AsyncService v1_;
  grpc::reflection::v1alpha::ServerReflection::AsyncService v1alpha_;
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_REFLECTION_SERVICE_H_
