// Equal calls that are wanted at the same time are made once, where the
// policies of their section say so.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "server/async/clock.h"
#include "tests/support/aggregator_fixture.h"
#include "tests/support/replies.h"
#include "tests/support/socket.h"

namespace gather::testing {
namespace {

using fanout::v1::SectionStatus;
using grpc::StatusCode;

FixtureOptions Coalescing() {
  FixtureOptions options;
  options.coalescing.enabled = true;
  return options;
}

// Waits for a count that the aggregator's loop raises.
void AwaitCount(const std::function<uint64_t()>& count, uint64_t wanted) {
  const auto end = async::Clock::now() + kPatience;
  while (count() < wanted) {
    ASSERT_LT(async::Clock::now(), end) << count() << " of " << wanted;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

class CoalescingTest : public ::testing::Test {
 protected:
  void Make(const FixtureOptions& options) {
    fixture_ = std::make_unique<AggregatorFixture>(options);
    fixture_->orders.SetScript({AnswerRight(&orders_)});
  }
  FakeBackend& orders() { return fixture_->orders; }
  uint64_t Coalesced() { return fixture_->Report("orders").results.coalesced; }

  // A call more, and the first has reached the backend.
  void Call(std::optional<std::chrono::milliseconds> timeout = std::nullopt,
            const std::string& credentials = "ada's") {
    const std::map<std::string, std::string> metadata = {
        {"authorization", credentials}};
    calls_.push_back(std::make_unique<PendingOverview>(
        fixture_->stub(), RequestFor("u-1"), timeout, metadata));
    ASSERT_TRUE(orders().calls().WaitFor(1));
  }
  // `n` calls more that wait for the first one's.
  void Join(int n) {
    const uint64_t before = Coalesced();
    for (int i = 0; i < n; ++i) Call();
    AwaitCount([this] { return Coalesced(); }, before + n);
  }
  // A machine that is too slow for the reserve has the caller give up.
  void ExpectTimeUp(std::size_t call) {
    const StatusCode code = calls_[call]->Await().status.error_code();
    if (code == StatusCode::DEADLINE_EXCEEDED) return;
    EXPECT_EQ(code, StatusCode::OK);
    EXPECT_EQ(OrdersOf(call).reason(), "BACKEND_TIMEOUT");
  }
  const SectionStatus& OrdersOf(std::size_t call) {
    return calls_[call]->Await().response.orders().status();
  }

  Gate orders_;
  std::unique_ptr<AggregatorFixture> fixture_;
  std::vector<std::unique_ptr<PendingOverview>> calls_;
};

TEST_F(CoalescingTest, AThousandEqualCallsMakeOneOfEachBackendAndLoop) {
  constexpr int kCalls = 1000;
  constexpr int kLoops = 2;
  FixtureOptions options = Coalescing();
  options.server.event_loops = kLoops;
  Make(options);
  // Of several connections, so that both loops have some.
  std::vector<std::unique_ptr<aggregator::v1::AggregatorService::Stub>> stubs;
  for (int i = 0; i < 8; ++i) {
    stubs.push_back(
        aggregator::v1::AggregatorService::NewStub(fixture_->NewChannel()));
  }
  Gate user;
  Gate products;
  fixture_->user.SetScript({AnswerRight(&user)});
  fixture_->products.SetScript({AnswerRight(&products)});
  for (int i = 0; i < kCalls; ++i) {
    calls_.push_back(std::make_unique<PendingOverview>(*stubs[i % stubs.size()],
                                                       RequestFor("u-1")));
  }
  for (const char* section : {"user", "orders", "products"}) {
    AwaitCount([&] { return fixture_->Report(section).results.coalesced; },
               kCalls - kLoops);
  }
  for (Gate* gate : {&user, &orders_, &products}) gate->Open();
  int coalesced = 0;
  for (const auto& call : calls_) {
    ASSERT_TRUE(IsWhole(call->Await(), "u-1"));
    coalesced += call->Await().response.orders().status().coalesced();
  }
  for (FakeBackend* backend :
       {&fixture_->user, &fixture_->orders, &fixture_->products}) {
    EXPECT_GE(backend->calls().count(), 1);
    EXPECT_LE(backend->calls().count(), kLoops);
  }
  EXPECT_EQ(coalesced, kCalls - orders().calls().count());
  EXPECT_EQ(fixture_->Report("orders").policies->limit().in_flight(), 0);
}

TEST_F(CoalescingTest, OthersCredentialsHaveACallOfTheirOwn) {
  FixtureOptions options = Coalescing();
  options.forwarded_keys = {"authorization"};
  Make(options);
  for (int i = 0; i < 20; ++i) Call(std::nullopt, std::to_string(i));
  ASSERT_TRUE(orders().calls().WaitFor(20));
  Call(std::nullopt, "7");
  AwaitCount([this] { return Coalesced(); }, 1);
  orders_.Open();
  for (const auto& call : calls_) {
    EXPECT_TRUE(IsWhole(call->Await(), "u-1"));
  }
  EXPECT_EQ(orders().calls().count(), 20);
  std::set<std::string> seen;
  for (const SeenCall& call : orders().seen()) {
    seen.insert(call.metadata.find("authorization")->second);
  }
  EXPECT_EQ(seen.size(), 20U);
}

TEST_F(CoalescingTest, AnotherRequestIsAnotherCall) {
  Make(Coalescing());
  Call();
  aggregator::v1::GetOverviewRequest request = RequestFor("u-1");
  request.set_order_page_size(3);
  PendingOverview other(fixture_->stub(), request);
  EXPECT_TRUE(orders().calls().WaitFor(2));
  orders_.Open();
  EXPECT_TRUE(IsWhole(other.Await(), "u-1"));
}

TEST_F(CoalescingTest, ASectionSaysHowItCame) {
  Make(Coalescing());
  Call();
  Join(1);
  orders_.Open();
  EXPECT_FALSE(OrdersOf(0).coalesced());
  EXPECT_TRUE(OrdersOf(1).coalesced());
  EXPECT_EQ(OrdersOf(0).attempts(), 1);
  EXPECT_EQ(OrdersOf(1).attempts(), 1);
}

TEST_F(CoalescingTest, FirstCallerWhoLeavesCostsTheOthersNothing) {
  Make(Coalescing());
  Call();
  Join(3);
  calls_.front()->Cancel();
  EXPECT_EQ(calls_.front()->Await().status.error_code(), StatusCode::CANCELLED);
  orders_.Open();
  for (std::size_t i = 1; i < calls_.size(); ++i) {
    EXPECT_TRUE(IsWhole(calls_[i]->Await(), "u-1"));
  }
  EXPECT_EQ(orders().calls().count(), 1);
  EXPECT_EQ(orders().cancellations().count(), 0);
}

TEST_F(CoalescingTest, LastOneOutCancelsTheCall) {
  Make(Coalescing());
  Call();
  Join(1);
  calls_[0]->Cancel();
  calls_[0]->Await();
  EXPECT_EQ(orders().cancellations().count(), 0);
  calls_[1]->Cancel();
  EXPECT_TRUE(orders().cancellations().WaitFor(1));
  // And who comes then has a call of its own.
  orders_.Open();
  EXPECT_TRUE(IsWhole(fixture_->Get(RequestFor("u-1")).response, "u-1"));
  EXPECT_EQ(orders().calls().count(), 2);
}

TEST_F(CoalescingTest, FirstCallersDeadlineIsNotThatOfTheCall) {
  Make(Coalescing());
  Call(std::chrono::seconds(2));
  Join(1);
  ExpectTimeUp(0);
  orders_.Open();
  EXPECT_TRUE(IsWhole(calls_[1]->Await(), "u-1"));
  EXPECT_EQ(orders().calls().count(), 1);
  EXPECT_EQ(orders().cancellations().count(), 0);
}

TEST_F(CoalescingTest, WhoWaitsInVainLeavesByItsOwnDeadline) {
  Make(Coalescing());
  Call();
  Call(std::chrono::milliseconds(500));
  ExpectTimeUp(1);
  EXPECT_FALSE(calls_[0]->IsDoneWithin(std::chrono::milliseconds(0)));
  orders_.Open();
  EXPECT_TRUE(IsWhole(calls_[0]->Await(), "u-1"));
}

TEST_F(CoalescingTest, BackendThatHangsIsSeenByItsBreakerAllTheSame) {
  FixtureOptions options = Coalescing();
  options.breaker = {.enabled = true, .minimum_calls = 1};
  // A fair wait, for a backend whose latency nobody knows, is half of that.
  options.timeouts.section = std::chrono::seconds(1);
  Make(options);
  orders().SetScript({NeverAnswer()});
  using State = fanout::CircuitBreaker::State;
  const auto state = [this] {
    return fixture_->Report("orders").policies->breaker().state();
  };
  // The callers' deadlines, which are shorter than that of the call.
  const auto end = async::Clock::now() + kPatience;
  while (state() == State::kClosed && async::Clock::now() < end) {
    fixture_->Get(RequestFor("u-1"), std::chrono::milliseconds(800));
  }
  EXPECT_NE(state(), State::kClosed);
}

TEST_F(CoalescingTest, FailureIsNobodysInheritance) {
  FixtureOptions options = Coalescing();
  options.retry.max_attempts = 1;
  Make(options);
  orders().SetScript(
      {Fail(StatusCode::UNAVAILABLE, "", &orders_), AnswerRight()});
  Call();
  Join(40);
  orders_.Open();
  EXPECT_EQ(OrdersOf(0).reason(), "BACKEND_DECLINED");
  for (std::size_t i = 1; i < calls_.size(); ++i) {
    ASSERT_TRUE(IsWhole(calls_[i]->Await(), "u-1"));
    EXPECT_EQ(OrdersOf(i).attempts(), 2);
  }
  // Who tries again does so with the others who do.
  EXPECT_EQ(orders().calls().count(), 2);
}

TEST_F(CoalescingTest, AnswerAboutTheRequestIsEverybodys) {
  Make(Coalescing());
  orders().SetScript({Fail(StatusCode::FAILED_PRECONDITION, "", &orders_)});
  Call();
  Join(2);
  orders_.Open();
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    EXPECT_EQ(OrdersOf(i).code(), StatusCode::FAILED_PRECONDITION);
  }
  EXPECT_EQ(orders().calls().count(), 1);
}

TEST_F(CoalescingTest, BackendThatStaysDownIsCalledTwiceForAll) {
  FixtureOptions options = Coalescing();
  options.retry.max_attempts = 1;
  Make(options);
  orders().SetScript({Fail(StatusCode::UNAVAILABLE, "", &orders_),
                      Fail(StatusCode::UNAVAILABLE)});
  Call();
  Join(20);
  orders_.Open();
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    EXPECT_EQ(OrdersOf(i).reason(), "BACKEND_DECLINED");
  }
  EXPECT_EQ(orders().calls().count(), 2);
}

TEST_F(CoalescingTest, EqualScatteredSectionsShareAllTheirCalls) {
  Make(Coalescing());
  orders_.Open();
  Gate purchases;
  fixture_->purchases.SetScript({AnswerRight(&purchases)});
  PendingOverview first(fixture_->stub(), RequestForAll("u-1"));
  ASSERT_TRUE(fixture_->purchases.calls().WaitFor(1));
  PendingOverview second(fixture_->stub(), RequestForAll("u-1"));
  AwaitCount([&] { return fixture_->Report("purchases").results.coalesced; },
             1);
  purchases.Open();
  for (PendingOverview* call : {&first, &second}) {
    EXPECT_TRUE(IsRight(call->Await().response.purchases(), "u-1"));
  }
  EXPECT_EQ(fixture_->purchases.calls().count(), 1);
}

TEST_F(CoalescingTest, TraceOfTheCallIsThatOfItsFirstCaller) {
  Make(Coalescing());
  constexpr char kTrace[] = "0af7651916cd43dd8448eb211c80319c";
  const std::map<std::string, std::string> metadata = {
      {"traceparent", std::string("00-") + kTrace + "-b7ad6b7169203331-01"}};
  PendingOverview first(fixture_->stub(), RequestFor("u-1"), std::nullopt,
                        metadata);
  ASSERT_TRUE(orders().calls().WaitFor(1));
  Join(1);
  orders_.Open();
  first.Await();
  const auto seen = orders().seen().front().metadata;
  const auto parent = seen.find("traceparent");
  ASSERT_NE(parent, seen.end());
  EXPECT_EQ(parent->second.substr(3, 32), kTrace);
  EXPECT_NE(parent->second.substr(36, 16), "b7ad6b7169203331");
}

TEST_F(CoalescingTest, DrainAnswersAllWhoWait) {
  Make(Coalescing());
  Call();
  Join(10);
  // Once nobody listens any more.
  const std::jthread opener([this, port = fixture_->server().port()] {
    while (Socket::Connect(port)) {
    }
    orders_.Open();
  });
  fixture_->server().Drain(async::Clock::now() + kPatience);
  for (const auto& call : calls_) {
    EXPECT_TRUE(IsWhole(call->Await(), "u-1"));
  }
}

TEST_F(CoalescingTest, DrainThatRunsOutOfTimeStopsTheCall) {
  Make(Coalescing());
  orders().SetScript({NeverAnswer()});
  Call();
  Join(10);
  fixture_->server().Drain(async::Clock::now() +
                           std::chrono::milliseconds(100));
  EXPECT_EQ(fixture_->server().state(), rpc::Server::State::kStopped);
  EXPECT_TRUE(orders().cancellations().WaitFor(1));
  for (const auto& call : calls_) EXPECT_FALSE(call->Await().status.ok());
}

}  // namespace
}  // namespace gather::testing
