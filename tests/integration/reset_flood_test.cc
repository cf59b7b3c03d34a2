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
    options.server.on_flood = [this](const std::string&) { floods_.Add(); };
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

  // So many calls, cancelled when their backend has seen them.
  void Reset(AggregatorStub& stub, int times) {
    const int seen = fixture_.user.calls().count();
    std::list<PendingOverview> calls;
    for (int i = 0; i < times; ++i) {
      calls.emplace_back(stub, RequestFor("u-reset"));
    }
    ASSERT_TRUE(fixture_.user.calls().WaitFor(seen + times));
    for (PendingOverview& call : calls) call.Cancel();
    for (PendingOverview& call : calls) {
      EXPECT_EQ(call.Await().status.error_code(), grpc::StatusCode::CANCELLED);
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

  ASSERT_NO_FATAL_FAILURE(Reset(*attacker, kLimit + 1));
  ASSERT_TRUE(floods_.WaitFor(1));
  EXPECT_EQ(its_own.Await().status.error_code(), grpc::StatusCode::UNAVAILABLE);

  gate_.Open();
  EXPECT_TRUE(IsWhole(other.Await().response, "u-2"));
  PendingOverview again(*attacker, RequestFor("u-3"));
  EXPECT_TRUE(IsWhole(again.Await().response, "u-3"));
}

TEST_P(ResetFloodTest, CancellingNowAndThenIsNone) {
  HoldBackends();
  const auto stub = Connect();
  PendingOverview held(*stub, RequestFor("u-1"));
  ASSERT_TRUE(fixture_.user.calls().WaitFor(1));
  ASSERT_NO_FATAL_FAILURE(Reset(*stub, kLimit));
  gate_.Open();
  EXPECT_TRUE(IsWhole(held.Await().response, "u-1"));
  EXPECT_EQ(floods_.count(), 0);
}

INSTANTIATE_TEST_SUITE_P(Protocols, ResetFloodTest,
                         ::testing::Values("ipv4:127.0.0.1:", "ipv6:[::1]:"),
                         [](const auto& protocol) {
                           return std::string(protocol.param).substr(0, 4);
                         });

}  // namespace
}  // namespace gather::testing
