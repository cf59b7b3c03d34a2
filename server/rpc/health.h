#ifndef GATHER_SERVER_RPC_HEALTH_H_
#define GATHER_SERVER_RPC_HEALTH_H_

#include <grpcpp/support/status.h>

#include <set>
#include <stop_token>
#include <string>

#include "grpc/health/v1/health.grpc.pb.h"
#include "server/async/task.h"
#include "server/rpc/admission.h"
#include "server/rpc/server_call.h"
#include "server/rpc/stream_method.h"

namespace gather::rpc {

// grpc.health.v1.Health on the server's own loops. Not gRPC's: that is on its
// callback API, whose threads then read a share of all connections, so that
// every call on those changes threads (decisions/0009-own-health-service.md).
//
// Services serve until StopServing(), and then never again; the empty name is
// the server as a whole.
//
// Thread: Check() and Watch() run on loops, AddService() before they do, the
// others on any.
class Health {
 public:
  using Request = grpc::health::v1::HealthCheckRequest;
  using Response = grpc::health::v1::HealthCheckResponse;
  using AsyncService = grpc::health::v1::Health::AsyncService;

  static constexpr int kMaxWatches = 1000;

  void AddService(const std::string& name) { services_.insert(name); }

  // NOT_SERVING for all; who watches is told.
  void StopServing() { not_serving_.request_stop(); }
  // Watching ends, with UNAVAILABLE, or it would hold up a drain.
  void EndWatches() { end_.request_stop(); }

  // NOT_FOUND for a service that there is not.
  async::Task<grpc::Status> Check(ServerCall& call, const Request& request,
                                  Response* response);
  // SERVICE_UNKNOWN for such a one. RESOURCE_EXHAUSTED where too many watch:
  // nothing else bounds calls that wait for a change and never end.
  async::Task<grpc::Status> Watch(ServerCall& call, const Request& request,
                                  StreamWriter<Response>& writer);

  AsyncService& service() { return service_; }

 private:
  Response::ServingStatus StatusOf(const std::string& service) const;

  std::set<std::string> services_ = {""};
  std::stop_source not_serving_;
  std::stop_source end_;
  Admission watches_{kMaxWatches};
  AsyncService service_;
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_HEALTH_H_
