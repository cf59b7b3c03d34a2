// A section that fails is answered from its last good reply, where its policies
// and the caller take that, and says how old it is and why.

#include <grpcpp/client_context.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "google/protobuf/util/time_util.h"
#include "server/async/clock.h"
#include "tests/support/aggregator_fixture.h"
#include "tests/support/replies.h"

namespace gather::testing {
namespace {

namespace v1 = aggregator::v1;
using async::Clock;
using fanout::v1::SECTION_STATE_FAILED;
using fanout::v1::SECTION_STATE_OK;
using fanout::v1::SECTION_STATE_STALE;
using fanout::v1::SectionStatus;
using google::protobuf::util::TimeUtil;
using grpc::StatusCode;

FixtureOptions Stale() {
  FixtureOptions options;
  options.stale_answers.enabled = true;
  options.retry.max_attempts = 1;
  return options;
}

// The section as it would be were it fresh.
template <typename Section>
Section Freshened(Section section) {
  EXPECT_EQ(section.status().state(), SECTION_STATE_STALE);
  section.mutable_status()->set_state(SECTION_STATE_OK);
  section.mutable_status()->set_code(0);
  section.mutable_status()->clear_reason();
  section.mutable_status()->clear_message();
  return section;
}

class StaleAnswerTest : public ::testing::Test {
 protected:
  // With a good reply of each backend for u-1.
  void Make(const FixtureOptions& options = Stale()) {
    fixture_ = std::make_unique<AggregatorFixture>(options);
    EXPECT_TRUE(fixture_->Get(RequestForAll("u-1")).response.complete());
    filled_ = Clock::now();
  }
  FakeBackend& orders() { return fixture_->orders; }
  fanout::SectionTotals Totals() { return fixture_->Report("orders").results; }

  v1::GetOverviewResponse Get(
      const v1::GetOverviewRequest& request = RequestFor("u-1")) {
    const Overview overview = fixture_->Get(request);
    EXPECT_TRUE(overview.status.ok()) << overview.status.error_message();
    return overview.response;
  }

  std::unique_ptr<AggregatorFixture> fixture_;
  Clock::time_point filled_;
};

TEST_F(StaleAnswerTest, FailedSectionIsAnsweredWithItsAgeAndWhy) {
  Make();
  orders().SetScript({Fail(StatusCode::INTERNAL, "secret words")});
  const auto before = Clock::now();
  const auto response = Get();
  EXPECT_TRUE(IsRight(Freshened(response.orders()), "u-1"));
  EXPECT_TRUE(IsRight(response.user(), "u-1"));
  EXPECT_FALSE(response.complete());
  const SectionStatus& status = response.orders().status();
  EXPECT_EQ(status.code(), StatusCode::INTERNAL);
  EXPECT_EQ(status.reason(), "BACKEND_ERROR");
  EXPECT_EQ(status.message(), "the backend failed");
  EXPECT_EQ(status.attempts(), 1);
  const std::chrono::nanoseconds age(
      TimeUtil::DurationToNanoseconds(status.age()));
  EXPECT_GE(age, before - filled_);
  EXPECT_LE(age, Clock::now() - filled_ + kPatience);
  using fanout::Reason;
  EXPECT_EQ(Totals().stale[IndexOf(Reason::kBackendError)], 1U);
  EXPECT_EQ(Totals().failed[IndexOf(Reason::kBackendError)], 0U);
}

TEST_F(StaleAnswerTest, NothingIsStaleByDefault) {
  FixtureOptions options = Stale();
  options.stale_answers.enabled = false;
  Make(options);
  orders().SetScript({Fail(StatusCode::INTERNAL)});
  EXPECT_EQ(Get().orders().status().state(), SECTION_STATE_FAILED);
}

TEST_F(StaleAnswerTest, AnswerIsOnlyForWhoAskedTheSame) {
  Make();
  orders().SetScript({Fail(StatusCode::INTERNAL)});
  v1::GetOverviewRequest page = RequestFor("u-1");
  page.set_order_page_size(3);
  EXPECT_EQ(Get(page).orders().status().state(), SECTION_STATE_FAILED);
  EXPECT_EQ(Get(RequestFor("u-2")).orders().status().state(),
            SECTION_STATE_FAILED);
}

TEST_F(StaleAnswerTest, AnswerIsOnlyForTheSameCredentials) {
  FixtureOptions options = Stale();
  options.forwarded_keys = {"authorization"};
  fixture_ = std::make_unique<AggregatorFixture>(options);
  const auto get = [&](const std::string& credentials) {
    PendingOverview call(fixture_->stub(), RequestFor("u-1"), std::nullopt,
                         {{"authorization", credentials}});
    return call.Await().response.orders().status().state();
  };
  EXPECT_EQ(get("ada's"), SECTION_STATE_OK);
  orders().SetScript({Fail(StatusCode::INTERNAL)});
  EXPECT_EQ(get("bob's"), SECTION_STATE_FAILED);
  EXPECT_EQ(get("ada's"), SECTION_STATE_STALE);
}

TEST_F(StaleAnswerTest, WhatIsNoMoreIsNeverStaleAndForgotten) {
  Make();
  for (const StatusCode code :
       {StatusCode::NOT_FOUND, StatusCode::PERMISSION_DENIED,
        StatusCode::UNAUTHENTICATED}) {
    orders().SetScript({AnswerRight()});
    EXPECT_EQ(Get().orders().status().state(), SECTION_STATE_OK);
    orders().SetScript({Fail(code), Fail(StatusCode::UNAVAILABLE)});
    EXPECT_EQ(Get().orders().status().state(), SECTION_STATE_FAILED);
    EXPECT_EQ(Get().orders().status().state(), SECTION_STATE_FAILED);
  }
  fixture_->user.SetScript({Fail(StatusCode::NOT_FOUND)});
  EXPECT_EQ(fixture_->Get(RequestFor("u-1")).status.error_code(),
            StatusCode::NOT_FOUND);
}

TEST_F(StaleAnswerTest, CallerSaysHowOldItMayBe) {
  Make();
  orders().SetScript({Fail(StatusCode::INTERNAL)});
  v1::GetOverviewRequest request = RequestFor("u-1");
  request.mutable_max_stale();  // 0: none
  EXPECT_EQ(Get(request).orders().status().state(), SECTION_STATE_FAILED);
  request.mutable_max_stale()->set_nanos(1);
  EXPECT_EQ(Get(request).orders().status().state(), SECTION_STATE_FAILED);
  request.mutable_max_stale()->set_seconds(3600);
  EXPECT_EQ(Get(request).orders().status().state(), SECTION_STATE_STALE);
}

TEST_F(StaleAnswerTest, CallerCantHaveOlderOnesThanThePoliciesAllow) {
  FixtureOptions options = Stale();
  options.stale_answers.max_stale = std::chrono::milliseconds(1);
  Make(options);
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  orders().SetScript({Fail(StatusCode::INTERNAL)});
  v1::GetOverviewRequest request = RequestFor("u-1");
  request.mutable_max_stale()->set_seconds(3600);
  EXPECT_EQ(Get(request).orders().status().state(), SECTION_STATE_FAILED);
}

TEST_F(StaleAnswerTest, RequiredSectionThatIsStaleIsThere) {
  Make();
  orders().SetScript({Fail(StatusCode::UNAVAILABLE)});
  v1::GetOverviewRequest request = RequestFor("u-1");
  request.mutable_required_mask()->add_paths("orders");
  EXPECT_EQ(Get(request).orders().status().state(), SECTION_STATE_STALE);
}

TEST_F(StaleAnswerTest, AllStaleIsAnAnswer) {
  Make();
  fixture_->StopBackends();
  const auto response = Get();
  EXPECT_TRUE(IsRight(Freshened(response.user()), "u-1"));
  EXPECT_TRUE(IsRight(Freshened(response.orders()), "u-1"));
  EXPECT_TRUE(IsRight(Freshened(response.products()), "u-1"));
  EXPECT_EQ(response.user().status().reason(), "BACKEND_UNAVAILABLE");
  EXPECT_FALSE(response.complete());
}

TEST_F(StaleAnswerTest, WhatNeedsAStaleSectionIsMadeOfIt) {
  Make();
  orders().SetScript({Fail(StatusCode::UNAVAILABLE)});
  const auto response = Get(RequestForAll("u-1"));
  EXPECT_EQ(response.orders().status().state(), SECTION_STATE_STALE);
  EXPECT_TRUE(IsRight(response.purchases(), "u-1"));
  // Nor is the answer complete to whom only these are shown.
  v1::GetOverviewRequest request = RequestFor("u-1");
  request.mutable_read_mask()->add_paths("purchases");
  EXPECT_TRUE(IsRight(Get(request).purchases(), "u-1"));
  EXPECT_FALSE(Get(request).complete());
}

TEST_F(StaleAnswerTest, StageThatASoftTimeoutLeavesNoTimeForIsStaleToo) {
  Make();
  orders().SetScript({NeverAnswer()});
  v1::GetOverviewRequest request = RequestForAll("u-1");
  request.mutable_soft_timeout()->set_nanos(50'000'000);
  const auto response = Get(request);
  EXPECT_EQ(response.orders().status().reason(), "SOFT_TIMEOUT");
  EXPECT_TRUE(IsRight(Freshened(response.purchases()), "u-1"));
  EXPECT_EQ(response.purchases().status().attempts(), 0);
}

TEST_F(StaleAnswerTest, SectionOfSeveralCallsIsStaleAsAWhole) {
  Make();
  fixture_->purchases.SetScript({Fail(StatusCode::UNAVAILABLE)});
  EXPECT_TRUE(IsRight(Freshened(Get(RequestForAll("u-1")).purchases()), "u-1"));
}

TEST_F(StaleAnswerTest, SoftTimeoutAndOpenBreakerAreFailuresLikeAny) {
  FixtureOptions options = Stale();
  options.breaker = {.enabled = true, .minimum_calls = 1};
  Make(options);
  orders().SetScript({NeverAnswer()});
  v1::GetOverviewRequest request = RequestFor("u-1");
  request.mutable_soft_timeout()->set_nanos(50'000'000);
  EXPECT_EQ(Get(request).orders().status().reason(), "SOFT_TIMEOUT");
  EXPECT_EQ(Get(request).orders().status().state(), SECTION_STATE_STALE);
  orders().SetScript({Fail(StatusCode::INTERNAL)});
  std::string reason;
  const auto end = Clock::now() + kPatience;
  while (reason != "BREAKER_OPEN" && Clock::now() < end) {
    const SectionStatus status = Get().orders().status();
    ASSERT_EQ(status.state(), SECTION_STATE_STALE);
    reason = status.reason();
  }
  EXPECT_EQ(reason, "BREAKER_OPEN");
}

TEST_F(StaleAnswerTest, CallerWhoLeftIsAnsweredNothing) {
  Make();
  orders().SetScript({NeverAnswer()});
  PendingOverview call(fixture_->stub(), RequestFor("u-1"));
  ASSERT_TRUE(orders().calls().WaitFor(2));
  call.Cancel();
  EXPECT_EQ(call.Await().status.error_code(), StatusCode::CANCELLED);
  ASSERT_TRUE(orders().cancellations().WaitFor(1));
  fixture_->server().Drain(Clock::now() + kPatience);
  EXPECT_EQ(fixture_->Report("orders").policies->stale_cache()->totals().hits,
            0U);
}

TEST_F(StaleAnswerTest, StreamSendsItLikeAnySection) {
  Make();
  orders().SetScript({Fail(StatusCode::INTERNAL)});
  grpc::ClientContext context;
  v1::StreamOverviewRequest request;
  request.set_user_id("u-1");
  const auto reader = fixture_->stub().StreamOverview(&context, request);
  v1::StreamOverviewResponse part;
  bool stale = false;
  while (reader->Read(&part)) {
    if (part.has_orders()) {
      stale = true;
      EXPECT_TRUE(IsRight(Freshened(part.orders()), "u-1"));
    }
    if (part.has_summary()) {
      EXPECT_FALSE(part.summary().complete());
    }
  }
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_TRUE(stale);
}

TEST_F(StaleAnswerTest, BackendThatWasKilledIsStaleUntilSoonAfterItsReturn) {
  FixtureOptions options = Stale();
  options.breaker.enabled = true;
  options.coalescing.enabled = true;
  Make(options);
  fixture_->orders.Stop();
  const auto killed = Clock::now();
  std::chrono::nanoseconds last_age(0);
  for (int i = 0; i < 50; ++i) {
    const SectionStatus status = Get().orders().status();
    ASSERT_EQ(status.state(), SECTION_STATE_STALE) << i;
    const std::chrono::nanoseconds age(
        TimeUtil::DurationToNanoseconds(status.age()));
    EXPECT_GT(age, last_age);
    last_age = age;
  }
  EXPECT_GE(last_age, Clock::now() - killed - kPatience);
  fixture_->orders.Start();
  const auto back = Clock::now();
  while (Get().orders().status().state() != SECTION_STATE_OK) {
    ASSERT_LT(Clock::now(), back + kPatience);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  // 2 s on any but the busiest machine.
  EXPECT_LT(Clock::now(), back + std::chrono::seconds(10));
  EXPECT_TRUE(IsWhole(Get(), "u-1"));
}

}  // namespace
}  // namespace gather::testing
