#include "tests/support/aggregator_fixture.h"

#include <grpc/grpc.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "server/rpc/channel.h"
#include "server/rpc/channel_pool.h"
#include "tests/support/replies.h"

namespace gather::testing {
namespace {

rpc::ChannelPool ChannelsTo(const FakeBackend& backend, int connections) {
  std::vector<rpc::BackendChannel> channels;
  for (int i = 0; i < connections; ++i) {
    channels.emplace_back(rpc::MakeChannel(backend.address(),
                                           grpc::InsecureChannelCredentials(),
                                           {.connection = i}));
  }
  return rpc::ChannelPool(std::move(channels));
}

}  // namespace

aggregator::v1::GetOverviewRequest RequestFor(const std::string& user_id) {
  aggregator::v1::GetOverviewRequest request;
  request.set_user_id(user_id);
  return request;
}

aggregator::v1::GetOverviewRequest RequestForAll(const std::string& user_id) {
  aggregator::v1::GetOverviewRequest request = RequestFor(user_id);
  for (const fanout::SectionInfo& section : OverviewCatalog().sections) {
    request.mutable_read_mask()->add_paths(section.name);
  }
  return request;
}

const fanout::Catalog& OverviewCatalog() {
  static const auto& kCatalog =
      *new fanout::Catalog(fanout::MakeCatalog<aggregator::Overview>().value());
  return kCatalog;
}

::testing::AssertionResult IsWhole(const Overview& overview,
                                   const std::string& user_id) {
  if (!overview.status.ok()) {
    return ::testing::AssertionFailure()
           << "failed with " << overview.status.error_code() << ": "
           << overview.status.error_message();
  }
  return IsWhole(overview.response, user_id);
}

PendingOverview::PendingOverview(
    AggregatorStub& stub, const aggregator::v1::GetOverviewRequest& request,
    std::optional<std::chrono::milliseconds> timeout,
    const std::map<std::string, std::string>& metadata)
    : request_(request) {
  for (const auto& [key, value] : metadata) context_.AddMetadata(key, value);
  if (timeout) {
    context_.set_deadline(std::chrono::system_clock::now() + *timeout);
  }
  stub.async()->GetOverview(&context_, &request_, &overview_.response,
                            [this](grpc::Status status) {
                              overview_.status = std::move(status);
                              done_.Open();
                            });
}

PendingOverview::~PendingOverview() {
  Cancel();
  Await();
}

const Overview& PendingOverview::Await() {
  EXPECT_TRUE(done_.Wait()) << "GetOverview did not end";
  return overview_;
}

AggregatorFixture::AggregatorFixture(const FixtureOptions& options)
    : service_(OverviewCatalog(),
               {ChannelsTo(user, options.connections_per_backend),
                ChannelsTo(orders, options.connections_per_backend),
                ChannelsTo(products, options.connections_per_backend),
                ChannelsTo(purchases, options.connections_per_backend)},
               {.total_timeout = options.timeouts.total,
                .soft_timeout = options.soft_timeout,
                .policy = {.section_timeout = options.timeouts.section,
                           .limit = options.limit,
                           .breaker = options.breaker,
                           .retry = options.retry,
                           .hedging = options.hedging,
                           .coalescing = options.coalescing,
                           .stale_answers = options.stale_answers},
                .start_traces = options.start_traces,
                .forwarded_keys = options.forwarded_keys},
               options.server.event_loops),
      server_(options.server) {
  if (options.backends_up) StartBackends();
  service_.AddTo(server_);
  const absl::Status started = server_.Start();
  EXPECT_TRUE(started.ok()) << started;
  stub_ = aggregator::v1::AggregatorService::NewStub(NewChannel());
}

void AggregatorFixture::StartBackends() {
  for (FakeBackend* backend : backends()) backend->Start();
}

void AggregatorFixture::StopBackends() {
  for (FakeBackend* backend : backends()) backend->Stop();
}

int AggregatorFixture::backend_calls() const {
  return user.calls().count() + orders.calls().count() +
         products.calls().count() + purchases.calls().count();
}

fanout::SectionReport AggregatorFixture::Report(
    const std::string& section) const {
  for (fanout::SectionReport& report : service_.Report()) {
    if (report.section == section) return std::move(report);
  }
  ADD_FAILURE() << "no section " << section;
  return {};
}

std::string AggregatorFixture::address() const {
  return absl::StrCat("127.0.0.1:", server_.port());
}

std::shared_ptr<grpc::Channel> AggregatorFixture::NewChannel() const {
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(address(),
                                   grpc::InsecureChannelCredentials(), args);
}

Overview AggregatorFixture::Get(
    const aggregator::v1::GetOverviewRequest& request,
    std::optional<std::chrono::milliseconds> timeout) {
  PendingOverview pending(*stub_, request, timeout);
  return pending.Await();
}

HealthStatus AggregatorFixture::Health(const std::string& service) const {
  const auto stub = grpc::health::v1::Health::NewStub(NewChannel());
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  grpc::health::v1::HealthCheckRequest request;
  request.set_service(service);
  grpc::health::v1::HealthCheckResponse response;
  const grpc::Status status = stub->Check(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response.status();
}

}  // namespace gather::testing
