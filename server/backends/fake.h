#ifndef GATHER_SERVER_BACKENDS_FAKE_H_
#define GATHER_SERVER_BACKENDS_FAKE_H_

#include <grpcpp/support/byte_buffer.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/message.h"
#include "server/async/task.h"
#include "server/backends/faults.h"
#include "server/rpc/server.h"

namespace gather::backends {

// Stands in for a backend of any proto, none of which is compiled in: answers
// each call of a unary method with the same reply, with faults to order.
//
// A text in the reply that is "$request.FIELD" becomes that field of the
// request, so that the reply can say whom it is for.
class FakeMethod {
 public:
  // `protos` must outlive it. `method` is "package.Service/Method", `reply` the
  // reply as JSON, `event_loops` that of the server. INVALID_ARGUMENT, in one
  // line, where there is no such method, it streams, or that is no reply of it.
  static absl::StatusOr<std::unique_ptr<FakeMethod>> Make(
      const google::protobuf::DescriptorPool& protos, const std::string& method,
      const std::string& reply, const Faults& faults, int event_loops);
  ~FakeMethod();

  // Must outlive the server.
  void AddTo(rpc::Server& server);

  // The bytes of the reply to a request.
  absl::StatusOr<std::string> ReplyTo(const std::string& request) const;

 private:
  FakeMethod(const std::string& name,
             const google::protobuf::MethodDescriptor& method,
             const Faults& faults, int event_loops);
  async::Task<grpc::Status> Answer(rpc::ServerCall& call,
                                   const grpc::ByteBuffer& request,
                                   grpc::ByteBuffer* response);

  const std::string name_;
  mutable google::protobuf::DynamicMessageFactory factory_;
  const google::protobuf::Message* const request_;  // as it is when empty
  std::unique_ptr<google::protobuf::Message> reply_;
  std::vector<FaultInjector> faults_;  // one a loop
};

// Methods of any protos, as flags name them.
//
// Lifetime: must outlive the server that it is added to.
class FakeService {
 public:
  // `protos` is a file as ReadProtos() takes it, each of `replies` is
  // "package.Service/Method=FILE". INVALID_ARGUMENT in one line that names the
  // flag --protos or --replies.
  static absl::StatusOr<std::unique_ptr<FakeService>> Load(
      const std::string& protos, const std::vector<std::string>& replies,
      const Faults& faults, int event_loops);

  void AddTo(rpc::Server& server);

 private:
  FakeService() = default;

  std::unique_ptr<google::protobuf::DescriptorPool> protos_;
  std::vector<std::unique_ptr<FakeMethod>> methods_;
};

// The protos in a file that `protoc --descriptor_set_out --include_imports` has
// written. The error is one line.
absl::StatusOr<std::unique_ptr<google::protobuf::DescriptorPool>> ReadProtos(
    const std::string& path);

}  // namespace gather::backends

#endif  // GATHER_SERVER_BACKENDS_FAKE_H_
