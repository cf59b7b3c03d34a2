#include "server/fanout/reason.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace gather::fanout {
namespace {

using rpc::CallEnd;

std::string ReasonOf(CallEnd end, const absl::Status& status,
                     bool stopped = false) {
  return ReasonWords("user").name(Classify(end, status, stopped).reason);
}

TEST(ReasonTest, EachHasWordsOfItsOwnAndNoneOfABackends) {
  const ReasonWords words("user");
  std::set<std::string> names;
  for (std::size_t i = 0; i < kReasons; ++i) {
    const auto reason = static_cast<Reason>(i);
    EXPECT_TRUE(names.insert(words.name(reason)).second) << words.name(reason);
    EXPECT_FALSE(words.text(reason).empty());
    EXPECT_EQ(words.name(reason).find('$'), std::string::npos);
  }
}

TEST(ReasonTest, WordsAreInTermsOfTheSubject) {
  const ReasonWords words("listing");
  EXPECT_EQ(words.name(Reason::kNotFound), "LISTING_NOT_FOUND");
  EXPECT_EQ(words.text(Reason::kNotFound), "there is no such listing");
  EXPECT_EQ(words.name(Reason::kReplyForAnother), "REPLY_FOR_ANOTHER_LISTING");
}

TEST(ReasonTest, BackendsOwnWordsAreKeptForTheLog) {
  const Failure failure =
      Classify(CallEnd::kAnswered, absl::InternalError("password=hunter2"),
               /*stopped=*/false);
  EXPECT_EQ(failure.detail, "INTERNAL: password=hunter2");
  EXPECT_EQ(failure.code, absl::StatusCode::kInternal);
}

TEST(ReasonTest, UnavailableThatWasAnsweredIsToldFromNoConnection) {
  EXPECT_EQ(ReasonOf(CallEnd::kAnswered, absl::UnavailableError("")),
            "BACKEND_DECLINED");
  EXPECT_EQ(ReasonOf(CallEnd::kFailed, absl::UnavailableError("")),
            "BACKEND_UNAVAILABLE");
}

TEST(ReasonTest, ExhaustionOfThisSideIsNoOverloadOfTheBackend) {
  EXPECT_EQ(ReasonOf(CallEnd::kAnswered, absl::ResourceExhaustedError("")),
            "BACKEND_OVERLOADED");
  EXPECT_EQ(ReasonOf(CallEnd::kFailed, absl::ResourceExhaustedError("")),
            "BACKEND_ERROR");
}

// The code alone does not say who cancelled.
TEST(ReasonTest, BackendThatCancelsIsABackendThatFails) {
  EXPECT_EQ(ReasonOf(CallEnd::kAnswered, absl::CancelledError("")),
            "BACKEND_ERROR");
  EXPECT_EQ(ReasonOf(CallEnd::kFailed, absl::CancelledError(""),
                     /*stopped=*/true),
            "CANCELLED");
}

TEST(ReasonTest, HowTheCallEndedWinsOverTheCode) {
  EXPECT_EQ(ReasonOf(CallEnd::kReplyUnreadable, absl::InternalError("")),
            "REPLY_UNREADABLE");
  EXPECT_EQ(ReasonOf(CallEnd::kReplyTooLarge, absl::ResourceExhaustedError("")),
            "REPLY_TOO_LARGE");
}

TEST(ReasonTest, FailedDependencyHasTheCodeThatItsCallWouldHave) {
  const auto code = [](const Failure& dependency) {
    const Failure failure = FailureAfter(dependency);
    EXPECT_EQ(failure.reason, Reason::kDependencyFailed);
    EXPECT_EQ(failure.cause, dependency.reason);
    EXPECT_EQ(CodeForCaller(failure), failure.code);
    return failure.code;
  };
  EXPECT_EQ(code(FailureFor(Reason::kBackendTimeout, "")),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(code(FailureFor(Reason::kReplyTooLarge, "")),
            absl::StatusCode::kInternal);
  EXPECT_EQ(code(FailureAfter(FailureFor(Reason::kBreakerOpen, ""))),
            absl::StatusCode::kUnavailable);
  // What was cancelled brought nothing about.
  EXPECT_EQ(FailureAfter(FailureFor(Reason::kCancelled, "")).reason,
            Reason::kCancelled);
}

// The caller did nothing wrong.
TEST(ReasonTest, OnlyCodesThatAreTrueOfTheCallAreHandedUp) {
  for (int code = 1; code <= 16; ++code) {
    const auto canonical = static_cast<absl::StatusCode>(code);
    const bool handed_up = canonical == absl::StatusCode::kUnavailable ||
                           canonical == absl::StatusCode::kDeadlineExceeded ||
                           canonical == absl::StatusCode::kResourceExhausted;
    EXPECT_EQ(CodeForCaller(Classify(CallEnd::kAnswered,
                                     absl::Status(canonical, ""), false)),
              handed_up ? canonical : absl::StatusCode::kInternal)
        << code;
  }
  EXPECT_EQ(CodeForCaller(FailureFor(Reason::kNotFound, "")),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(CodeForCaller(FailureFor(Reason::kReplyTooLarge, "")),
            absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace gather::fanout
