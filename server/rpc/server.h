#ifndef GATHER_SERVER_RPC_SERVER_H_
#define GATHER_SERVER_RPC_SERVER_H_

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/async/clock.h"
#include "server/async/watchdog.h"
#include "server/rpc/admission.h"
#include "server/rpc/call_observer.h"
#include "server/rpc/grpc_workarounds/half_sent.h"
#include "server/rpc/grpc_workarounds/listener.h"
#include "server/rpc/grpc_workarounds/open_connections.h"
#include "server/rpc/grpc_workarounds/reset_guard.h"
#include "server/rpc/health.h"
#include "server/rpc/loops_by_need.h"
#include "server/rpc/method.h"
#include "server/rpc/method_service.h"
#include "server/rpc/reflection_service.h"
#include "server/rpc/server_options.h"
#include "server/rpc/server_stats.h"
#include "server/rpc/serving_loop.h"
#include "server/rpc/stream_method.h"
#include "server/rpc/unary_method.h"
#include "server/rpc/unknown_method.h"

namespace gather::rpc {

// A gRPC server on event loops, with health checking and reflection. What it
// does not have is UNIMPLEMENTED, and the last method of stats().
//
//   Server server(options);
//   server.AddUnary<GetUserRequest, GetUserResponse>(
//       "gather.user.v1.UserService/GetUser", handler);
//   absl::Status started = server.Start();
//   ...
//   server.Drain(Clock::now() + 10s);
//
// Life: Configuration --Start--> Active --StopServing--> Draining --Drain-->
// Stopped. A step that was taken already does nothing.
// Thread: the one that made it, which must not be a loop's.
// Lifetime: services and handlers must outlive the server.
class Server {
 public:
  enum class State { kConfiguration, kActive, kDraining, kStopped };

  explicit Server(ServerOptions options);
  // Drains with no time left.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Serves a method: see UnaryKind. `name` has static lifetime. `service` is
  // registered with the first of its methods.
  template <typename ServiceType, typename Base, typename Request,
            typename Response>
  void AddUnary(
      const char* name, ServiceType& service,
      void (Base::*request_call)(grpc::ServerContext*, Request*,
                                 grpc::ServerAsyncResponseWriter<Response>*,
                                 grpc::CompletionQueue*,
                                 grpc::ServerCompletionQueue*, void*),
      typename UnaryMethod<Base, Request, Response>::Handler handler) {
    Register(&service);
    methods_.push_back(std::make_unique<UnaryMethod<Base, Request, Response>>(
        name, methods_.size(), service, request_call, std::move(handler)));
  }

  // The same for a server-streaming method: see StreamKind.
  template <typename ServiceType, typename Base, typename Request,
            typename Response>
  void AddStream(
      const char* name, ServiceType& service,
      void (Base::*request_call)(grpc::ServerContext*, Request*,
                                 grpc::ServerAsyncWriter<Response>*,
                                 grpc::CompletionQueue*,
                                 grpc::ServerCompletionQueue*, void*),
      typename StreamMethod<Base, Request, Response>::Handler handler) {
    Register(&service);
    methods_.push_back(std::make_unique<StreamMethod<Base, Request, Response>>(
        name, methods_.size(), service, request_call, std::move(handler)));
  }

  // The same without a generated service: the messages may be others than its
  // proto names, if they are the same bytes.
  template <typename Request, typename Response>
  void AddUnary(
      const char* name,
      typename UnaryMethod<MethodService, Request, Response>::Handler handler) {
    AddUnary(name, AddService(name, grpc::internal::RpcMethod::NORMAL_RPC),
             &MethodService::RequestUnary<Request, Response>,
             std::move(handler));
  }
  template <typename Request, typename Response>
  void AddStream(const char* name,
                 typename StreamMethod<MethodService, Request,
                                       Response>::Handler handler) {
    AddStream(
        name, AddService(name, grpc::internal::RpcMethod::SERVER_STREAMING),
        &MethodService::RequestStream<Request, Response>, std::move(handler));
  }

  // Listens and serves. UNAVAILABLE, with the address in the message, where it
  // can't listen there, or where there are no threads for it. At most once.
  absl::Status Start();

  // Health says NOT_SERVING from now on; calls are still served. Lets load
  // balancers look away before Drain() refuses.
  void StopServing();

  // Takes no more connections. Then, where `deadline` leaves the time, waits
  // until max_connection_age has made every client leave: no call is lost
  // (decisions/0005-drain-by-connection-age.md). Last takes no more calls, and
  // waits for those in flight until `deadline`. What is left then is stopped
  // and ends with UNAVAILABLE; what does not end of itself is cancelled 200 ms
  // later. Returns when all of it is settled.
  void Drain(async::Clock::time_point deadline);

  // The port that is listened on, once started; 0 of a Unix socket.
  int port() const {
    return listener_ == nullptr ? 0 : listener_->place().port;
  }
  State state() const { return state_; }
  const Admission& admission() const { return admission_; }
  // What it has counted so far, once started. Thread: any.
  ServerStats stats() const;

 private:
  void Register(grpc::Service* service);
  MethodService& AddService(const char* name,
                            grpc::internal::RpcMethod::RpcType type) {
    return *method_services_.emplace_back(
        std::make_unique<MethodService>(name, type));
  }
  absl::Status Listen();
  void Configure(grpc::ServerBuilder& builder) const;
  void Accept(
      std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor);
  // What every server has, besides its services.
  void ServeHealth(grpc::ServerBuilder& builder);
  void ServeReflection(grpc::ServerBuilder& builder);
  void ServeUnknown(grpc::ServerBuilder& builder);
  // Allocates what is to run on a loop.
  void Prepare(ServingLoop& serving);
  // Starts the threads.
  void Run();
  async::Task<> Serve(ServingLoop& serving);
  // The others have no calls.
  std::span<const std::unique_ptr<ServingLoop>> JoinedLoops() const {
    return {loops_.data(),
            std::min(loops_.size(), std::size_t(need_.joined()))};
  }
  void StartGuards();
  ResetCounter::Calls CountCalls() const;
  void EndConnection(const std::string& peer, const char* reason);
  // Ends the connections of these that have no call which a loop has.
  void EndUnserved(const std::vector<std::string>& peers);
  void AwaitLeave(async::Clock::time_point deadline);
  // What is to happen after the deadline of a drain, unless it is over first.
  void EndLateCalls(async::Clock::time_point deadline, std::stop_token over);

  const ServerOptions options_;
  State state_ = State::kConfiguration;
  Admission admission_;
  std::vector<grpc::Service*> services_;
  std::vector<std::unique_ptr<MethodService>> method_services_;  // of these
  std::vector<std::unique_ptr<Method>> methods_;
  Health health_;
  std::vector<std::unique_ptr<Method>> health_methods_;
  ReflectionService reflection_;
  std::vector<std::unique_ptr<Method>> reflection_methods_;
  grpc::AsyncGenericService unknown_;
  std::vector<std::unique_ptr<ServingLoop>> loops_;
  LoopsByNeed need_;
  std::unique_ptr<grpc::Server> server_;
  std::vector<std::jthread> threads_;
  std::optional<async::Watchdog> watchdog_;
  std::unique_ptr<OpenConnections> connections_;
  std::optional<ResetGuard> reset_guard_;  // uses the one above, as the next
  std::optional<HalfSentGuard> half_sent_guard_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_SERVER_H_
