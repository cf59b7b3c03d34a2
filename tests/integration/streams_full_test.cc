// A backend that takes 100 calls at a time on a connection gets another one,
// and where there is none, the wait for a stream is no timeout of the backend.

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <numeric>
#include <optional>

#include "server/rpc/channel_pool.h"
#include "tests/support/aggregator_fixture.h"
#include "tests/support/gate.h"
#include "tests/support/replies.h"

namespace gather::testing {
namespace {

constexpr int kStreams = rpc::ChannelPool::kStreams;
// Fewer than an aggregator takes on one connection.
constexpr std::size_t kMostCalls = 900;

FixtureOptions WithConnections(int connections) {
  FixtureOptions options;
  options.connections_per_backend = connections;
  options.backends_up = false;
  // It would come down for calls that were never sent.
  options.limit.enabled = false;
  return options;
}

class StreamsFullTest : public ::testing::Test {
 protected:
  void Start(FixtureOptions options) {
    fixture_.emplace(options);
    fixture_->orders.SetMaxStreams(kStreams);
    fixture_->StartBackends();
    // Connected, and told how many streams there are.
    ASSERT_TRUE(fixture_->Get(RequestFor("u-1")).response.complete());
    fixture_->orders.SetScript({AnswerRight(&gate_)});
  }

  void Call(int calls) {
    for (int i = 0; i < calls; ++i) {
      pending_.emplace_back(fixture_->stub(), RequestFor("u-1"));
    }
  }

  uint64_t WatchedCalls() {
    const async::HistogramTotals wait = fixture_->Report("orders").stream_wait;
    return std::accumulate(wait.counts.begin(), wait.counts.end(), uint64_t{0});
  }

  std::optional<AggregatorFixture> fixture_;
  Gate gate_;
  std::list<PendingOverview> pending_;
};

TEST_F(StreamsFullTest, AnotherConnectionIsOpened) {
  Start(WithConnections(2));
  // It connects when it is first wanted, and is called from then on. The other
  // backends' calls pace these.
  Call(kStreams);
  while (fixture_->orders.calls().count() < 1 + kStreams + 10) {
    ASSERT_LT(pending_.size(), kMostCalls);
    Call(1);
    ASSERT_TRUE(
        fixture_->user.calls().WaitFor(1 + static_cast<int>(pending_.size())));
  }
}

TEST_F(StreamsFullTest, WaitForAStreamIsToldFromASilentBackend) {
  Start(WithConnections(1));
  Call(kStreams);
  ASSERT_TRUE(fixture_->orders.calls().WaitFor(1 + kStreams));
  const Overview late =
      fixture_->Get(RequestFor("u-1"), std::chrono::seconds(1));
  ASSERT_TRUE(late.status.ok()) << late.status.error_message();
  EXPECT_EQ(late.response.orders().status().reason(), "BACKEND_STREAMS_FULL");
  EXPECT_EQ(late.response.orders().status().code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  // One that does have a stream, and no answer.
  pending_.pop_front();
  ASSERT_TRUE(fixture_->orders.cancellations().WaitFor(1));
  const Overview silent =
      fixture_->Get(RequestFor("u-1"), std::chrono::seconds(1));
  EXPECT_EQ(silent.response.orders().status().reason(), "BACKEND_TIMEOUT");
}

TEST_F(StreamsFullTest, CallThatGotAStreamInTheEndIsWholeAndItsWaitIsCounted) {
  Start(WithConnections(1));
  Call(kStreams);
  ASSERT_TRUE(fixture_->orders.calls().WaitFor(1 + kStreams));
  Call(1);
  // All that goes before it at the other backends.
  ASSERT_TRUE(fixture_->user.calls().WaitFor(1 + kStreams + 1));
  EXPECT_EQ(fixture_->orders.calls().count(), 1 + kStreams);
  gate_.Open();
  for (PendingOverview& call : pending_) {
    EXPECT_TRUE(IsWhole(call.Await(), "u-1"));
  }
  EXPECT_EQ(WatchedCalls(), 1U);
}

}  // namespace
}  // namespace gather::testing
