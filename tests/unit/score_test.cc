#include "server/fanout/score.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "google/rpc/error_details.pb.h"
#include "server/rpc/status.h"
#include "tests/support/error_details.h"

namespace gather::fanout {
namespace {

using namespace std::chrono_literals;
using async::Clock;

const Clock::time_point kStart = Clock::time_point(1000s);
constexpr std::size_t kSoup = 0;
constexpr std::size_t kBread = 1;
constexpr std::size_t kWine = 2;

SectionInfo Section(const std::string& name) {
  return {.name = name,
          .error_key = name + "_error",
          .method = "kitchen.v1.Kitchen/Get",
          .backend = {},
          .only_on_request = false};
}

// Comes after the soup.
SectionInfo SectionAfterSoup(const std::string& name) {
  SectionInfo section = Section(name);
  section.after = kSoup;
  return section;
}

class ScoreTest : public ::testing::Test {
 protected:
  ScoreTest() {
    for (const std::size_t section : {kSoup, kBread, kWine}) {
      plan_.requested.Add(section);
    }
  }

  bool Land(std::size_t section, std::optional<Failure> failure,
            Clock::duration offset = 0ms, Clock::duration duration = 1s) {
    return score_.Land(section,
                       {.start = kStart + offset,
                        .duration = duration,
                        .attempts = 1,
                        .attempts_log = {},
                        .failure = std::move(failure)},
                       &status_[section]);
  }
  // Of a section that took several attempts.
  const v1::SectionStatus& LandAfter(std::vector<AttemptRecord> attempts) {
    Landing landing{.start = kStart,
                    .duration = 1s,
                    .attempts = static_cast<int>(attempts.size()),
                    .attempts_log = std::move(attempts),
                    .failure = std::nullopt};
    score_.Land(kSoup, landing, &status_[kSoup]);
    return status_[kSoup];
  }
  bool Arrive(std::size_t section) { return Land(section, std::nullopt); }

  const Catalog catalog_{
      .sections = {Section("soup"), Section("bread"), SectionAfterSoup("wine")},
      .words = ReasonWords("guest"),
      .domain = "kitchen.v1"};
  Plan plan_;
  Score score_{catalog_, plan_, kStart};
  v1::SectionStatus status_[3];
};

Failure BackendFails() {
  return {Reason::kBackendError, absl::StatusCode::kPermissionDenied,
          "PERMISSION_DENIED: secret"};
}
Failure Late() { return FailureFor(Reason::kBackendTimeout, ""); }

TEST_F(ScoreTest, AllThatArriveAreComplete) {
  for (const std::size_t section : {kWine, kSoup, kBread}) {
    EXPECT_FALSE(Arrive(section));
    EXPECT_EQ(status_[section].state(), v1::SECTION_STATE_OK);
    EXPECT_EQ(status_[section].attempts(), 1);
  }
  EXPECT_TRUE(score_.Outcome().ok());
  EXPECT_TRUE(score_.complete());
}

TEST_F(ScoreTest, TimingIsTheLongestAgainstTheSum) {
  Land(kSoup, std::nullopt, 0ms, 2s);
  Land(kBread, std::nullopt, 1ms, 1500ms);
  Land(kWine, std::nullopt, 2ms, 1s);
  v1::FanOutTiming timing;
  score_.FillTiming(std::chrono::system_clock::time_point(1700000000s),
                    kStart + 2s, &timing);
  EXPECT_EQ(timing.duration().seconds(), 2);
  EXPECT_EQ(timing.sequential_duration().seconds(), 4);
  EXPECT_EQ(timing.sequential_duration().nanos(), 500000000);
  EXPECT_EQ(timing.start_time().seconds(), 1700000000);
  EXPECT_EQ(status_[kBread].start_offset().nanos(), 1000000);
}

TEST_F(ScoreTest, FailedSectionCostsOnlyItself) {
  Arrive(kSoup);
  EXPECT_FALSE(Land(kBread, BackendFails()));
  Arrive(kWine);
  EXPECT_TRUE(score_.Outcome().ok());
  EXPECT_FALSE(score_.complete());
  EXPECT_EQ(status_[kBread].state(), v1::SECTION_STATE_FAILED);
  EXPECT_EQ(status_[kBread].code(), 7);
  EXPECT_EQ(status_[kBread].reason(), "BACKEND_ERROR");
  EXPECT_EQ(status_[kBread].duration().seconds(), 1);
  EXPECT_EQ(status_[kBread].SerializeAsString().find("secret"),
            std::string::npos);
}

Failure StaleAfter(Clock::duration age) {
  Failure failure = Late();
  failure.stale_age = age;
  return failure;
}

TEST_F(ScoreTest, StaleSectionIsThereThoughNotComplete) {
  plan_.required.Add(kSoup);
  EXPECT_FALSE(Land(kSoup, StaleAfter(1500ms)));
  EXPECT_FALSE(score_.ended());
  Arrive(kBread);
  Arrive(kWine);
  EXPECT_TRUE(score_.Outcome().ok());
  EXPECT_FALSE(score_.complete());
  EXPECT_EQ(status_[kSoup].state(), v1::SECTION_STATE_STALE);
  EXPECT_EQ(status_[kSoup].reason(), "BACKEND_TIMEOUT");
  EXPECT_EQ(status_[kSoup].code(), 4);
  EXPECT_FALSE(status_[kSoup].message().empty());
  EXPECT_EQ(status_[kSoup].age().seconds(), 1);
  EXPECT_EQ(status_[kSoup].age().nanos(), 500'000'000);
}

TEST_F(ScoreTest, OneThatIsStaleKeepsAllTheOthersFromFailingTheCall) {
  Land(kSoup, Late());
  Land(kBread, StaleAfter(1s));
  Land(kWine, Late());
  EXPECT_TRUE(score_.Outcome().ok());
}

TEST_F(ScoreTest, WhatIsMadeOfAStaleSectionIsNotComplete) {
  plan_.requested = SectionSet();
  plan_.requested.Add(kWine);
  plan_.needed.Add(kSoup);
  Land(kSoup, StaleAfter(1s));
  Arrive(kWine);
  EXPECT_EQ(status_[kSoup].state(), v1::SECTION_STATE_NOT_REQUESTED);
  EXPECT_EQ(status_[kWine].state(), v1::SECTION_STATE_OK);
  EXPECT_FALSE(score_.complete());
}

TEST_F(ScoreTest, EverySectionFailedFailsTheCallWithTheirCommonCode) {
  Land(kSoup, Late());
  Land(kBread, Late());
  Land(kWine, Late());
  EXPECT_EQ(score_.Outcome().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(score_.Outcome().message(),
            "every requested section failed: soup BACKEND_TIMEOUT, bread "
            "BACKEND_TIMEOUT, wine BACKEND_TIMEOUT");
  const auto info =
      testing::DetailOf<google::rpc::ErrorInfo>(rpc::ToGrpc(score_.Outcome()));
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->reason(), "EVERY_SECTION_FAILED");
}

TEST_F(ScoreTest, EverySectionFailedInItsOwnWayIsUnavailable) {
  Land(kSoup, Late());
  Land(kBread, BackendFails());
  Land(kWine, BackendFails());
  EXPECT_EQ(score_.Outcome().code(), absl::StatusCode::kUnavailable);
}

// Common, as far as the caller is concerned.
TEST_F(ScoreTest, EverySectionFailedByTheBackendsFaultIsInternal) {
  Land(kSoup, BackendFails());
  Land(kBread, FailureFor(Reason::kReplyUnreadable, ""));
  Land(kWine, FailureFor(Reason::kBackendUnimplemented, ""));
  EXPECT_EQ(score_.Outcome().code(), absl::StatusCode::kInternal);
}

TEST_F(ScoreTest, RequiredSectionThatFailsEndsTheRequestAndIsNamed) {
  plan_.required.Add(kBread);
  Arrive(kSoup);
  EXPECT_TRUE(Land(kBread, Late()));
  EXPECT_TRUE(score_.ended());
  EXPECT_EQ(score_.Outcome().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(score_.Outcome().message(),
            "required section bread failed: the backend did not answer in "
            "time");
  const auto info =
      testing::DetailOf<google::rpc::ErrorInfo>(rpc::ToGrpc(score_.Outcome()));
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->reason(), "BACKEND_TIMEOUT");
  EXPECT_EQ(info->domain(), "kitchen.v1");
  EXPECT_EQ(info->metadata().at("section"), "bread");
}

TEST_F(ScoreTest, ContractDriftOfABackendIsNotTheCallersFault) {
  plan_.required.Add(kBread);
  EXPECT_TRUE(Land(kBread, BackendFails()));
  EXPECT_EQ(score_.Outcome().code(), absl::StatusCode::kInternal);
}

TEST_F(ScoreTest, FirstThatEndsTheRequestIsTheCause) {
  plan_.required.Add(kSoup);
  plan_.required.Add(kBread);
  plan_.required.Add(kWine);
  EXPECT_TRUE(Land(kBread, Late()));
  Land(kSoup, FailureFor(Reason::kCancelled, ""));
  Land(kWine, FailureFor(Reason::kNotFound, ""));
  EXPECT_EQ(score_.Outcome().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(ScoreTest, WhatWasCancelledIsNoCause) {
  plan_.required.Add(kSoup);
  EXPECT_FALSE(Land(kSoup, FailureFor(Reason::kCancelled, "")));
  EXPECT_FALSE(score_.ended());
}

TEST_F(ScoreTest, CriticalPathEndsWithTheLastAndBeginsWithWhatItNeeded) {
  plan_.staged = true;
  const auto path = [this] {
    v1::FanOutTiming timing;
    score_.FillTiming({}, kStart + 3s, &timing);
    return std::vector<std::string>(timing.critical_path().begin(),
                                    timing.critical_path().end());
  };
  EXPECT_EQ(path(), std::vector<std::string>());
  Land(kSoup, std::nullopt, 0ms, 1s);
  EXPECT_EQ(path(), std::vector<std::string>{"soup"});
  Land(kBread, std::nullopt, 0ms, 2s);
  EXPECT_EQ(path(), std::vector<std::string>{"bread"});
  Land(kWine, std::nullopt, 1s, 2s);
  EXPECT_EQ(path(), (std::vector<std::string>{"soup", "wine"}));
}

TEST_F(ScoreTest, SectionThatWasNotCalledIsNotOnTheCriticalPath) {
  plan_.staged = true;
  Land(kSoup, Late(), 0ms, 1s);
  score_.Land(kWine,
              {.start = kStart + 1s,
               .duration = 1ms,
               .attempts = 0,
               .attempts_log = {},
               .failure = FailureAfter(Late())},
              &status_[kWine]);
  v1::FanOutTiming timing;
  score_.FillTiming({}, kStart + 1s, &timing);
  ASSERT_EQ(timing.critical_path_size(), 1);
  EXPECT_EQ(timing.critical_path(0), "soup");
}

TEST_F(ScoreTest, DependencyThatFailedIsNamed) {
  plan_.required.Add(kWine);
  Land(kSoup, Late());
  EXPECT_TRUE(Land(kWine, FailureAfter(Late())));
  EXPECT_EQ(status_[kWine].reason(), "DEPENDENCY_FAILED");
  EXPECT_EQ(status_[kWine].failed_dependency(), "soup");
  EXPECT_EQ(status_[kWine].message(),
            "section soup, which it needs, failed: the backend did not answer "
            "in time");
  EXPECT_EQ(score_.Outcome().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(ScoreTest, WhatNobodyAskedForCountsForTheTimingAlone) {
  plan_.requested = SectionSet();
  plan_.requested.Add(kBread);
  plan_.requested.Add(kWine);
  EXPECT_FALSE(Land(kSoup, FailureFor(Reason::kNotFound, "")));
  EXPECT_EQ(status_[kSoup].state(), v1::SECTION_STATE_NOT_REQUESTED);
  EXPECT_EQ(status_[kSoup].code(), 0);
  EXPECT_EQ(status_[kSoup].duration().seconds(), 1);
  EXPECT_TRUE(score_.complete());
  Land(kWine, FailureAfter(FailureFor(Reason::kNotFound, "")));
  Arrive(kBread);
  EXPECT_TRUE(score_.Outcome().ok());
  v1::FanOutTiming timing;
  score_.FillTiming({}, kStart + 1s, &timing);
  EXPECT_EQ(timing.sequential_duration().seconds(), 3);
}

TEST_F(ScoreTest, NotFoundEndsTheRequestInItsOwnWords) {
  EXPECT_TRUE(Land(kSoup, FailureFor(Reason::kNotFound, "secret")));
  EXPECT_EQ(score_.Outcome().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(score_.Outcome().message(), "there is no such guest");
}

TEST_F(ScoreTest, AnswerThatCouldNotBeMadeIsInternal) {
  Arrive(kSoup);
  score_.Abort(absl::InternalError("uncaught exception: std::bad_alloc"));
  Arrive(kBread);
  EXPECT_EQ(score_.Outcome().code(), absl::StatusCode::kInternal);
}

// The one that lost ends after the one that won.
TEST_F(ScoreTest, TellsOfAttemptsInTheOrderOfTheirStarts) {
  const v1::SectionStatus& status =
      LandAfter({{.kind = AttemptKind::kHedge,
                  .start = kStart + 20ms,
                  .duration = 5ms,
                  .code = absl::StatusCode::kOk,
                  .won = true,
                  .address = "ipv4:10.0.0.8:1"},
                 {.kind = AttemptKind::kFirst,
                  .start = kStart,
                  .duration = 26ms,
                  .code = absl::StatusCode::kCancelled,
                  .won = false,
                  .address = "ipv4:10.0.0.7:1"}});
  ASSERT_EQ(status.attempts_log_size(), 2);
  EXPECT_EQ(status.attempts_log(0).kind(), v1::ATTEMPT_KIND_FIRST);
  EXPECT_EQ(status.attempts_log(0).code(), 1);
  EXPECT_FALSE(status.attempts_log(0).won());
  EXPECT_EQ(status.attempts_log(1).kind(), v1::ATTEMPT_KIND_HEDGE);
  EXPECT_EQ(status.attempts_log(1).start_offset().nanos(), 20'000'000);
  EXPECT_EQ(status.attempts_log(1).duration().nanos(), 5'000'000);
  EXPECT_EQ(status.attempts_log(1).address(), "ipv4:10.0.0.8:1");
  EXPECT_TRUE(status.attempts_log(1).won());
}

}  // namespace
}  // namespace gather::fanout
