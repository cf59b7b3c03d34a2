#ifndef GATHER_TESTS_SUPPORT_AGGREGATOR_FIXTURE_H_
#define GATHER_TESTS_SUPPORT_AGGREGATOR_FIXTURE_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gather/aggregator/v1/aggregator.grpc.pb.h"
#include "grpc/health/v1/health.pb.h"
#include "server/aggregator/service.h"
#include "server/fanout/budget.h"
#include "server/fanout/catalog.h"
#include "server/fanout/policy/backend_policies.h"
#include "server/rpc/retry.h"
#include "server/rpc/server.h"
#include "tests/support/fake_backends.h"
#include "tests/support/gate.h"

namespace gather::testing {

using AggregatorStub = aggregator::v1::AggregatorService::StubInterface;
using HealthStatus = grpc::health::v1::HealthCheckResponse::ServingStatus;

// What a call of GetOverview came to.
struct Overview {
  grpc::Status status;
  aggregator::v1::GetOverviewResponse response;
};

// True if it succeeded and is whole, as IsWhole() of replies.h has it.
::testing::AssertionResult IsWhole(const Overview& overview,
                                   const std::string& user_id);

// A request for the sections that a user's overview has by default.
aggregator::v1::GetOverviewRequest RequestFor(const std::string& user_id);
// For all sections that there are.
aggregator::v1::GetOverviewRequest RequestForAll(const std::string& user_id);

// The product's sections.
const fanout::Catalog& OverviewCatalog();

// A call of GetOverview in flight.
//
// Thread: the test's. Lifetime: cancels the call, and waits for its end, when
// it goes.
class PendingOverview {
 public:
  // `timeout` is the deadline that the client sets: none where a test is not on
  // deadlines, or it would end what should have ended by itself.
  PendingOverview(
      AggregatorStub& stub, const aggregator::v1::GetOverviewRequest& request,
      std::optional<std::chrono::milliseconds> timeout = std::nullopt,
      const std::map<std::string, std::string>& metadata = {});
  ~PendingOverview();
  PendingOverview(const PendingOverview&) = delete;
  PendingOverview& operator=(const PendingOverview&) = delete;

  void Cancel() { context_.TryCancel(); }
  // What it came to; fails the test where that takes too long.
  const Overview& Await();
  // Whether it has ended by then.
  bool IsDoneWithin(std::chrono::milliseconds time) {
    return done_.OpensWithin(time);
  }

 private:
  grpc::ClientContext context_;
  const aggregator::v1::GetOverviewRequest request_;
  Overview overview_;
  Gate done_;
};

struct FixtureOptions {
  // Longer than a test waits: only one that sets shorter ones sees them.
  std::chrono::nanoseconds soft_timeout{0};
  fanout::Timeouts timeouts{.section = 2 * kPatience, .total = 2 * kPatience};
  // No attempt is given up, and below no breaker opens: only a test of these
  // wants what they do to calls that are to fail.
  rpc::RetryPolicy retry{.attempt_timeout = std::chrono::milliseconds(0)};
  fanout::ConcurrencyLimitSettings limit;
  fanout::CircuitBreakerSettings breaker{.enabled = false};
  fanout::HedgingSettings hedging;
  fanout::CoalescingSettings coalescing;
  fanout::StaleAnswerSettings stale_answers;
  std::vector<std::string> forwarded_keys;
  bool start_traces = false;
  rpc::ServerOptions server;
  bool backends_up = true;
  // As --max_connections_per_backend.
  int connections_per_backend = 1;
};

// An aggregator in this process, its backends, and a client of it, all on
// sockets of 127.0.0.1.
//
//   AggregatorFixture fixture;
//   fixture.orders.SetScript({Fail(grpc::StatusCode::INTERNAL)});
//   const Overview overview = fixture.Get(RequestFor("u-1"));
//
// Thread: the test's.
class AggregatorFixture {
 public:
  explicit AggregatorFixture(const FixtureOptions& options = {});

  void StartBackends();
  void StopBackends();
  // In the order of the sections.
  std::array<FakeBackend*, 4> backends() {
    return {&user, &orders, &products, &purchases};
  }
  // How often the backends were called, all together.
  int backend_calls() const;

  rpc::Server& server() { return server_; }
  // What has been counted of that section.
  fanout::SectionReport Report(const std::string& section) const;
  std::string address() const;
  AggregatorStub& stub() { return *stub_; }
  // A connection of its own to the aggregator.
  std::shared_ptr<grpc::Channel> NewChannel() const;

  Overview Get(const aggregator::v1::GetOverviewRequest& request,
               std::optional<std::chrono::milliseconds> timeout = std::nullopt);
  // What the aggregator says of a service's health, or of its own for "";
  // UNKNOWN where it can't be asked.
  HealthStatus Health(const std::string& service = "") const;

  FakeBackend user{FakeBackend::Role::kUser};
  FakeBackend orders{FakeBackend::Role::kOrders};
  FakeBackend products{FakeBackend::Role::kProducts};
  // Only for who names it.
  FakeBackend purchases{FakeBackend::Role::kPurchases};

 private:
  aggregator::AggregatorService service_;
  rpc::Server server_;
  std::unique_ptr<AggregatorStub> stub_;
};

}  // namespace gather::testing

#endif  // GATHER_TESTS_SUPPORT_AGGREGATOR_FIXTURE_H_
