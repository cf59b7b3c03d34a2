#include "server/rpc/server.h"

#include <grpc/grpc.h>
#include <grpcpp/resource_quota.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <exception>
#include <functional>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/async/clock.h"
#include "server/async/lag.h"
#include "server/async/task_scope.h"

namespace gather::rpc {
namespace {

constexpr std::chrono::milliseconds kLagPeriod(100);
constexpr int kPostedHealthRequests = 4;
constexpr int kPostedReflectionRequests = 1;
constexpr int kPostedUnknownRequests = 4;
// Only channelz runs on gRPC's own threads. One of them polls.
constexpr int kMaxSyncThreads = 2;

std::string ServiceOf(const std::string& method) {
  return method.substr(0, method.find('/'));
}

}  // namespace

Server::Server(ServerOptions options)
    : options_(std::move(options)),
      admission_(options_.max_inflight),
      need_(options_.event_loops, options_.loops_at_start) {}

Server::~Server() { Drain(async::Clock::now()); }

void Server::Register(grpc::Service* service) {
  assert(state_ == State::kConfiguration);
  if (std::find(services_.begin(), services_.end(), service) ==
      services_.end()) {
    services_.push_back(service);
  }
}

void Server::Configure(grpc::ServerBuilder& builder) const {
  grpc::ResourceQuota quota("gather");
  quota.Resize(options_.memory_quota_bytes);
  quota.SetMaxThreads(kMaxSyncThreads);
  builder.SetResourceQuota(quota);
  builder.SetMaxReceiveMessageSize(options_.max_request_bytes);
  // Identity only: a small compressed request inflates before its size is
  // checked.
  builder.AddChannelArgument(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET,
                             1);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                             options_.max_streams_per_connection);
  // It may wait for its turn on our own loops, in a burst of calls.
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 10 * 1000);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, 5 * 60 * 1000);
  builder.AddChannelArgument(
      GRPC_ARG_MAX_CONNECTION_AGE_MS,
      static_cast<int>(options_.max_connection_age.count()));
  builder.AddChannelArgument(
      GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
      static_cast<int>(options_.max_connection_age_grace.count()));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30 * 1000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10 * 1000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(
      GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5 * 1000);
  // Of newer gRPC, which would refuse calls at random where more than 1,000
  // wait to be taken in: here they are, at once, and are refused by shed.h.
  for (const char* limit : {"grpc.server.max_pending_requests",
                            "grpc.server.max_pending_requests_hard_limit"}) {
    builder.AddChannelArgument(limit, std::numeric_limits<int>::max());
  }
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 1);
}

absl::Status Server::Listen() {
  absl::StatusOr<std::unique_ptr<Listener>> listener =
      Listener::Open(options_.listen, options_.send_timeout);
  if (!listener.ok()) {
    return absl::UnavailableError(
        absl::StrCat("can't listen on ", options_.listen, ": ",
                     std::string(listener.status().message())));
  }
  absl::StatusOr<std::unique_ptr<OpenConnections>> connections =
      OpenConnections::Open();
  if (!connections.ok()) return connections.status();
  listener_ = *std::move(listener);
  connections_ = *std::move(connections);
  return absl::OkStatus();
}

absl::Status Server::Start() {
  assert(state_ == State::kConfiguration);
  const absl::Status listening = Listen();
  if (!listening.ok()) return listening;
  grpc::ServerBuilder builder;
  Configure(builder);
  auto acceptor = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
      options_.credentials != nullptr ? options_.credentials
                                      : grpc::InsecureServerCredentials());
  for (grpc::Service* service : services_) builder.RegisterService(service);
  ServeHealth(builder);
  ServeReflection(builder);
  ServeUnknown(builder);
  for (int i = 0; i < options_.event_loops; ++i) {
    loops_.push_back(
        std::make_unique<ServingLoop>(i, builder.AddCompletionQueue(), options_,
                                      admission_, methods_.size()));
    Prepare(*loops_.back());
  }
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) {
    return absl::InternalError("gRPC could not build the server");
  }
  state_ = State::kActive;
  try {
    Run();
    Accept(std::move(acceptor));
  } catch (const std::exception& error) {
    Drain(async::Clock::now());
    return absl::UnavailableError(
        absl::StrCat("can't start threads: ", error.what()));
  }
  return absl::OkStatus();
}

void Server::Run() {
  std::vector<const async::EventLoop*> watched;
  for (const auto& serving : loops_) watched.push_back(&serving->loop);
  watchdog_.emplace(async::Watchdog::Options{.limit = options_.stall_limit},
                    std::move(watched), [this](const async::Stall& stall) {
                      if (!stall.over) need_.Join();
                      if (options_.on_stall) options_.on_stall(stall);
                    });
  for (const auto& serving : loops_) {
    threads_.emplace_back(
        [this, &serving = *serving, serve = Serve(*serving)]() mutable {
          if (!need_.AwaitNeed(serving.index)) return;
          serving.loop.RunUntilComplete(std::move(serve));
        });
  }
  StartGuards();
}

void Server::ServeHealth(grpc::ServerBuilder& builder) {
  for (const auto& method : methods_) {
    health_.AddService(ServiceOf(method->name()));
  }
  using Service = Health::AsyncService;
  builder.RegisterService(&health_.service());
  health_methods_.push_back(
      std::make_unique<UnaryMethod<Service, Health::Request, Health::Response>>(
          "grpc.health.v1.Health/Check", std::nullopt, health_.service(),
          &Service::RequestCheck, std::bind_front(&Health::Check, &health_)));
  health_methods_.push_back(
      std::make_unique<
          StreamMethod<Service, Health::Request, Health::Response>>(
          "grpc.health.v1.Health/Watch", std::nullopt, health_.service(),
          &Service::RequestWatch, std::bind_front(&Health::Watch, &health_)));
}

void Server::ServeReflection(grpc::ServerBuilder& builder) {
  for (const auto& method : methods_) {
    reflection_.AddService(ServiceOf(method->name()));
  }
  for (const auto& method : health_methods_) {
    reflection_.AddService(ServiceOf(method->name()));
  }
  reflection_methods_ = reflection_.AddTo(builder);
}

void Server::ServeUnknown(grpc::ServerBuilder& builder) {
  builder.RegisterAsyncGenericService(&unknown_);
  methods_.push_back(std::make_unique<UnknownMethod>(
      UnknownKind::kName, methods_.size(), unknown_,
      &grpc::AsyncGenericService::RequestCall, UnknownKind::Handler()));
}

void Server::Accept(
    std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor) {
  listener_->Start([acceptor = std::shared_ptr(std::move(acceptor))](
                       int listener_fd, int fd) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters
        connection;
    connection.listener_fd = listener_fd;
    connection.fd = fd;
    acceptor->HandleNewConnection(&connection);
  });
}

void Server::Prepare(ServingLoop& serving) {
  const auto accept = [&serving](Method& method, int requests) {
    for (int i = 0; i < requests; ++i) {
      serving.tasks.push_back(
          serving.acceptors.Prepare(method.Accept(serving)));
    }
  };
  for (const auto& method : methods_) {
    const bool unknown = method == methods_.back();
    accept(*method,
           unknown ? kPostedUnknownRequests : options_.posted_requests);
  }
  for (const auto& method : health_methods_) {
    accept(*method, kPostedHealthRequests);
  }
  for (const auto& method : reflection_methods_) {
    accept(*method, kPostedReflectionRequests);
  }
  async::TaskScope& background = serving.background;
  const auto on_lag = [this, &serving](async::Clock::duration late) {
    serving.lag.Add(late);
    need_.Measure(serving.index, async::Clock::now(), async::ThreadCpuTime());
    if (late > options_.stall_limit && options_.on_late) {
      options_.on_late(serving.index, late);
    }
  };
  serving.tasks.push_back(background.Prepare(
      async::MeasureLag(serving.loop, serving.lateness, kLagPeriod, on_lag,
                        background.stop_token())));
  serving.tasks.push_back(background.Prepare(
      serving.send_timeouts.Enforce(serving.loop, background.stop_token())));
  serving.tasks.push_back(
      background.Prepare(serving.calls_in_flight.AwaitStop(serving.loop)));
}

async::Task<> Server::Serve(ServingLoop& serving) {
  for (async::TaskScope::Prepared& task : serving.tasks) task.Start();
  need_.Began();
  // Every posted request comes back once the server shuts down; the calls that
  // were taken in go on until they are answered.
  const absl::Status accepted = co_await serving.acceptors.Join();
  const absl::Status served = co_await serving.calls.Join();
  serving.calls_in_flight.RequestStop();
  serving.background.RequestStop();
  const absl::Status watched = co_await serving.background.Join();
  // None of them is to fail.
  if (!accepted.ok()) serving.Report("accepting", "", accepted);
  if (!served.ok()) serving.Report("serving", "", served);
  if (!watched.ok()) serving.Report("watching", "", watched);
}

}  // namespace gather::rpc
