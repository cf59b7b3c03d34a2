// A connection on which calls are cancelled as fast as they are made is ended;
// nobody else is the worse for it.

#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <list>
#include <memory>
#include <string>

#include "tests/support/aggregator_fixture.h"
#include "tests/support/replies.h"

namespace gather::testing {
namespace {

constexpr int kLimit = 5;

class ResetFloodTest : public ::testing::TestWithParam<const char*> {
 protected:
  FixtureOptions Options() {
    FixtureOptions options;
    options.server.listen = "[::]:0";
    options.server.max_resets_per_second = kLimit;
    options.server.on_ended = [this](const std::string&, const char*) {
      floods_.Add();
    };
    return options;
  }

  // By the protocol of this test's name, on a connection of its own.
  std::unique_ptr<AggregatorStub> Connect() {
    grpc::ChannelArguments args;
    args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    return aggregator::v1::AggregatorService::NewStub(grpc::CreateCustomChannel(
        std::string(GetParam()) + std::to_string(fixture_.server().port()),
        grpc::InsecureChannelCredentials(), args));
  }

  // Calls that are cancelled as soon as they are made, until somebody minds.
  void Flood(AggregatorStub& stub) {
    for (int i = 0; i < 1000 && floods_.count() == 0; ++i) {
      std::list<PendingOverview> calls;
      for (int j = 0; j <= kLimit; ++j) {
        calls.emplace_back(stub, RequestFor("u-flood"));
      }
    }
  }

  void HoldBackends() {
    for (FakeBackend* backend :
         {&fixture_.user, &fixture_.orders, &fixture_.products}) {
      backend->SetRule([this](const SeenCall&) { return AnswerRight(&gate_); });
    }
  }

  EventCounter floods_;
  Gate gate_;
  AggregatorFixture fixture_{Options()};
};

TEST_P(ResetFloodTest, EndsItsConnectionAndNoOther) {
  HoldBackends();
  const auto attacker = Connect();
  const auto bystander = Connect();
  PendingOverview its_own(*attacker, RequestFor("u-1"));
  PendingOverview other(*bystander, RequestFor("u-2"));
  ASSERT_TRUE(fixture_.user.calls().WaitFor(2));

  Flood(*attacker);
  ASSERT_TRUE(floods_.WaitFor(1));
  EXPECT_EQ(its_own.Await().status.error_code(), grpc::StatusCode::UNAVAILABLE);

  gate_.Open();
  EXPECT_TRUE(IsWhole(other.Await(), "u-2"));
  // On a channel of its own: gRPC's client ends the calls on a connection
  // before it takes that for closed, if it is just writing, and one begun
  // between fails like them.
  const auto same_host = Connect();
  PendingOverview again(*same_host, RequestFor("u-3"));
  EXPECT_TRUE(IsWhole(again.Await(), "u-3"));
}

TEST_P(ResetFloodTest, CancellingNowAndThenIsNone) {
  HoldBackends();
  const auto stub = Connect();
  PendingOverview held(*stub, RequestFor("u-1"));
  ASSERT_TRUE(fixture_.user.calls().WaitFor(1));
  for (int i = 0; i < kLimit; ++i) {
    PendingOverview cancelled(*stub, RequestFor("u-2"));
    ASSERT_TRUE(fixture_.user.calls().WaitFor(2 + i));
  }
  gate_.Open();
  EXPECT_TRUE(IsWhole(held.Await(), "u-1"));
  EXPECT_EQ(floods_.count(), 0);
}

INSTANTIATE_TEST_SUITE_P(Protocols, ResetFloodTest,
                         ::testing::Values("ipv4:127.0.0.1:", "ipv6:[::1]:"),
                         [](const auto& protocol) {
                           return std::string(protocol.param).substr(0, 4);
                         });

}  // namespace
}  // namespace gather::testing
