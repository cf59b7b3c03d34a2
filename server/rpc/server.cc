#include "server/rpc/server.h"

#include <grpc/grpc.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/resource_quota.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
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
// Only reflection and channelz run on gRPC's own threads, a stream of
// reflection for as long as it stands; what finds none is refused. One thread
// polls.
constexpr int kMaxSyncThreads = 17;

}  // namespace

Server::Server(ServerOptions options)
    : options_(std::move(options)), admission_(options_.max_inflight) {}

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
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  Configure(builder);
  auto acceptor = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
      options_.credentials != nullptr ? options_.credentials
                                      : grpc::InsecureServerCredentials());
  for (grpc::Service* service : services_) builder.RegisterService(service);
  ServeHealth(builder);
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
                    std::move(watched), options_.on_stall);
  for (const auto& serving : loops_) {
    threads_.emplace_back(
        [&loop = serving->loop, serve = Serve(*serving)]() mutable {
          loop.RunUntilComplete(std::move(serve));
        });
  }
  if (options_.max_resets_per_second > 0) {
    reset_guard_.emplace(options_.max_resets_per_second,
                         std::bind_front(&Server::CountExpired, this),
                         std::bind_front(&Server::OnFlood, this));
  }
}

void Server::ServeHealth(grpc::ServerBuilder& builder) {
  for (const auto& method : methods_) {
    const std::string name = method->name();
    health_.AddService(name.substr(0, name.find('/')));
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
    accept(*method, options_.posted_requests);
  }
  for (const auto& method : health_methods_) {
    accept(*method, kPostedHealthRequests);
  }
  async::TaskScope& background = serving.background;
  const auto on_lag = [this, &serving](async::Clock::duration late) {
    serving.lag.Add(late);
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

ServerStats Server::stats() const {
  ServerStats stats;
  for (std::size_t i = 0; i < methods_.size(); ++i) {
    ServerStats::Method& method = stats.methods.emplace_back();
    method.name = methods_[i]->name();
    method.streams = methods_[i]->streams();
    for (const auto& serving : loops_) serving->stats[i].AddTo(method.calls);
  }
  for (const auto& serving : loops_) {
    stats.shed += static_cast<int64_t>(serving->shed.refused());
    ServerStats::Loop& loop = stats.loops.emplace_back();
    // The count of steps goes up at each one's begin and end.
    loop.completions = serving->loop.step_count() / 2;
    serving->lag.AddTo(loop.lag);
  }
  // After the calls that were handled: these are not in flight any more.
  stats.in_flight = admission_.in_flight();
  stats.refused = admission_.refused();
  stats.stalls = watchdog_->stalls();
  return stats;
}

int64_t Server::CountExpired() const {
  uint64_t expired = 0;
  for (const auto& serving : loops_) expired += serving->expired.value();
  return static_cast<int64_t>(expired);
}

void Server::OnFlood(const std::string& peer) {
  if (!connections_->EndConnection(listener_->place(), peer)) return;
  if (options_.on_flood) options_.on_flood(peer);
}

}  // namespace gather::rpc
