#include "client/tour/backends.h"

#include <grpcpp/security/credentials.h>

#include <cassert>
#include <limits>
#include <stdexcept>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/aggregator/overview.h"
#include "server/backends/dataset.h"
#include "server/backends/service.h"
#include "server/fanout/aggregator.h"
#include "server/fanout/catalog.h"
#include "server/fanout/fan_out.h"
#include "server/rpc/channel.h"
#include "server/rpc/status.h"

namespace gather::client::tour {
namespace {

std::chrono::nanoseconds Scaled(std::chrono::nanoseconds time, double scale) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time * scale);
}

// The tour is of no use without its servers; main's caller is told so.
void StartOrThrow(rpc::Server& server) {
  const absl::Status started = server.Start();
  if (!started.ok()) throw std::runtime_error(started.ToString());
}

rpc::ServerOptions Options(rpc::CallObserver* observer) {
  rpc::ServerOptions options;
  // A crowd comes on one connection.
  options.max_streams_per_connection = std::numeric_limits<int>::max();
  options.observer = observer;
  return options;
}

std::string AddressOf(const rpc::Server& server) {
  return absl::StrCat("127.0.0.1:", server.port());
}

std::shared_ptr<grpc::Channel> Connect(const rpc::Server& server) {
  auto channel =
      rpc::MakeChannel(AddressOf(server), grpc::InsecureChannelCredentials());
  // No call is to be slower because it was the first.
  if (!channel->WaitForConnected(std::chrono::system_clock::now() +
                                 kPatience)) {
    throw std::runtime_error("can't connect to " + AddressOf(server));
  }
  return channel;
}

// A way to the backend of each section of the product. One that the tour has no
// backend for has none, and shares one that would not know what is asked.
fanout::Channels ChannelsTo(const Backends& backends) {
  using All = aggregator::Overview::Sections;
  fanout::Channels channels(All::kSize, backends.channel(kUser));
  All::ForEach([&]<typename S>() {
    Sections::ForEach([&]<typename Shown>() {
      if (Shown::kBackend.name != S::kBackend.name) return;
      channels[All::IndexOf<S>()] =
          backends.channel(kSections[Sections::IndexOf<Shown>()]);
    });
  });
  return channels;
}

fanout::PolicySettings WithPatience(fanout::PolicySettings policy) {
  policy.section_timeout = kPatience;
  return policy;
}

}  // namespace

void Witness::OnEnd(const rpc::ServerCall& call, const grpc::Status& status) {
  const std::lock_guard lock(mutex_);
  spans_.push_back(
      {call.method(), call.start(), Clock::now(), rpc::ToAbsl(status)});
  ended_.notify_all();
}

std::vector<Span> Witness::WaitFor(std::size_t calls) {
  std::unique_lock lock(mutex_);
  ended_.wait_for(lock, kPatience, [&] { return spans_.size() >= calls; });
  return spans_;
}

class Backends::Hosted {
 public:
  virtual ~Hosted() = default;

  Witness witness;
  rpc::Server server{Options(&witness)};
  std::shared_ptr<grpc::Channel> channel;
};

template <typename Role>
class Backends::HostedRole final : public Hosted {
 public:
  HostedRole(typename Role::Table table, const backends::Faults& faults)
      : service_(std::move(table), faults, /*event_loops=*/1) {
    service_.AddTo(server);
    StartOrThrow(server);
    channel = Connect(server);
  }
  // Before the service goes.
  ~HostedRole() override { server.Drain(Clock::now()); }

 private:
  backends::BackendService<Role> service_;
};

template <typename Role>
void Backends::Host(typename Role::Table table, const backends::Faults& faults,
                    double scale) {
  backends::Faults scaled = faults;
  scaled.latency = Scaled(faults.latency, scale);
  scaled.slow_latency = Scaled(faults.slow_latency, scale);
  hosted_.push_back(
      std::make_unique<HostedRole<Role>>(std::move(table), scaled));
}

Backends::Backends(double scale, const BackendFaults& faults) {
  Host<backends::UserRole>(*backends::LoadUsers("", 1), faults.user, scale);
  Host<backends::OrderRole>(*backends::LoadOrders("", 1), faults.orders, scale);
  Host<backends::ProductRole>(*backends::LoadProducts("", 1), faults.products,
                              scale);
}

Backends::~Backends() = default;

Backends::Hosted& Backends::hosted(Section section) const {
  return *hosted_[section];
}

const std::shared_ptr<grpc::Channel>& Backends::channel(Section section) const {
  return hosted(section).channel;
}

Witness& Backends::witness(Section section) { return hosted(section).witness; }

int64_t Backends::in_flight(Section section) const {
  return hosted(section).server.admission().in_flight();
}

void Backends::Stop(Section section) {
  hosted(section).server.Drain(Clock::now());
}

Aggregator::Aggregator(const Backends& backends, fanout::PolicySettings policy)
    : service_(*fanout::MakeCatalog<aggregator::Overview>(),
               ChannelsTo(backends),
               fanout::Settings{.total_timeout = kPatience,
                                .policy = WithPatience(std::move(policy))},
               /*event_loops=*/1),
      server_(rpc::ServerOptions()) {
  service_.AddTo(server_);
  StartOrThrow(server_);
  channel_ = Connect(server_);
}

std::string Aggregator::address() const { return AddressOf(server_); }

}  // namespace gather::client::tour
