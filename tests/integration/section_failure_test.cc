// What a section says of its failure: one reason for each way to fail, and a
// wrong answer is never passed on as a right one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "tests/support/aggregator_fixture.h"
#include "tests/support/replies.h"

namespace gather::testing {
namespace {

namespace v1 = aggregator::v1;
using grpc::StatusCode;

struct Case {
  const char* name;
  Answer answer;
  StatusCode code;
  const char* reason;
};

void PrintTo(const Case& test_case, std::ostream* os) { *os << test_case.name; }

class SectionFailureTest : public ::testing::TestWithParam<Case> {
 protected:
  static void ExpectFailed(const fanout::v1::SectionStatus& status) {
    EXPECT_EQ(status.state(), fanout::v1::SECTION_STATE_FAILED);
    EXPECT_EQ(status.code(), GetParam().code);
    EXPECT_EQ(status.reason(), GetParam().reason);
    EXPECT_NE(status.message(), "");
  }
};

TEST_P(SectionFailureTest, HasItsReason) {
  FixtureOptions options;
  options.retry.max_attempts = 1;
  AggregatorFixture fixture(options);

  fixture.orders.SetScript({GetParam().answer});
  const Overview without_orders = fixture.Get(RequestFor("u-1"));
  ASSERT_TRUE(without_orders.status.ok());
  EXPECT_FALSE(without_orders.response.complete());
  ExpectFailed(without_orders.response.orders().status());
  EXPECT_EQ(without_orders.response.orders().orders_size(), 0);
  EXPECT_TRUE(IsRight(without_orders.response.user(), "u-1"));
  EXPECT_TRUE(IsRight(without_orders.response.products(), "u-1"));

  fixture.orders.SetScript({AnswerRight()});
  fixture.user.SetScript({GetParam().answer});
  const Overview without_user = fixture.Get(RequestFor("u-1"));
  ASSERT_TRUE(without_user.status.ok());
  ExpectFailed(without_user.response.user().status());
  EXPECT_FALSE(without_user.response.user().has_user());
  EXPECT_TRUE(IsRight(without_user.response.orders(), "u-1"));
}

INSTANTIATE_TEST_SUITE_P(
    Reasons, SectionFailureTest,
    ::testing::Values(
        Case{"AnsweredUnavailable", Fail(StatusCode::UNAVAILABLE),
             StatusCode::UNAVAILABLE, "BACKEND_DECLINED"},
        Case{"Timeout", Fail(StatusCode::DEADLINE_EXCEEDED),
             StatusCode::DEADLINE_EXCEEDED, "BACKEND_TIMEOUT"},
        Case{"Overloaded", Fail(StatusCode::RESOURCE_EXHAUSTED),
             StatusCode::RESOURCE_EXHAUSTED, "BACKEND_OVERLOADED"},
        Case{"Unimplemented", Fail(StatusCode::UNIMPLEMENTED),
             StatusCode::UNIMPLEMENTED, "BACKEND_UNIMPLEMENTED"},
        Case{"Internal", Fail(StatusCode::INTERNAL), StatusCode::INTERNAL,
             "BACKEND_ERROR"},
        Case{"Unknown", Fail(StatusCode::UNKNOWN), StatusCode::UNKNOWN,
             "BACKEND_ERROR"},
        Case{"InvalidArgument", Fail(StatusCode::INVALID_ARGUMENT),
             StatusCode::INVALID_ARGUMENT, "BACKEND_ERROR"},
        // It was not this server that cancelled.
        Case{"CancelledByTheBackend", Fail(StatusCode::CANCELLED),
             StatusCode::CANCELLED, "BACKEND_ERROR"},
        Case{"CodeThatIsNone", Fail(static_cast<StatusCode>(77)),
             StatusCode::UNKNOWN, "BACKEND_ERROR"},
        Case{"Empty", AnswerEmpty(), StatusCode::INTERNAL, "REPLY_MISSING"},
        Case{"ForAnotherUser", AnswerForAnotherUser(), StatusCode::INTERNAL,
             "REPLY_FOR_ANOTHER_USER"},
        Case{"Unreadable", AnswerGarbage(), StatusCode::INTERNAL,
             "REPLY_UNREADABLE"},
        Case{"TooLarge", AnswerHuge(), StatusCode::RESOURCE_EXHAUSTED,
             "REPLY_TOO_LARGE"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(MisdirectedReplyTest, NothingOfItReachesTheClient) {
  AggregatorFixture fixture;
  fixture.user.SetScript({AnswerForAnotherUser()});
  fixture.orders.SetScript({AnswerForAnotherUser()});
  const Overview overview = fixture.Get(RequestFor("u-1"));
  ASSERT_TRUE(overview.status.ok()) << overview.status.error_message();
  EXPECT_EQ(overview.response.SerializeAsString().find("another-user"),
            std::string::npos);
  EXPECT_TRUE(IsRight(overview.response.products(), "u-1"));
}

}  // namespace
}  // namespace gather::testing
