// A server that is asked for more than it can do answers what it begins in
// time, and refuses the rest.

#include <gtest/gtest.h>

#include <chrono>
#include <list>

#include "google/rpc/error_details.pb.h"
#include "server/async/clock.h"
#include "tests/support/error_details.h"
#include "tests/support/serving_fixture.h"

namespace gather::testing {
namespace {

using namespace std::chrono_literals;

constexpr int kCalls = 200;
constexpr auto kWork = 10ms;
constexpr auto kDeadline = 1s;  // half of what all of them take

class OverloadTest : public ::testing::Test {
 protected:
  explicit OverloadTest(bool shed = true) {
    fixture_.options.event_loops = 1;
    fixture_.options.shed.enabled = shed;
    fixture_.get_user = [](rpc::ServerCall&, const auto&,
                           auto*) -> async::Task<grpc::Status> {
      // Of the loop's own time, as parsing and serialising are.
      const auto end = async::Clock::now() + kWork;
      while (async::Clock::now() < end) {
      }
      co_return grpc::Status::OK;
    };
    fixture_.Start();
  }

  struct Outcome {
    int answered = 0;
    int refused = 0;
    int late = 0;
  };

  Outcome CallAtOnce(ServingFixture::Timeout timeout) {
    std::list<PendingGetUser> calls;
    for (int i = 0; i < kCalls; ++i) calls.emplace_back(fixture_, timeout);
    Outcome outcome;
    for (PendingGetUser& call : calls) {
      const grpc::Status& status = call.Await();
      outcome.answered += status.ok();
      outcome.late +=
          status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
      if (status.error_code() != grpc::StatusCode::RESOURCE_EXHAUSTED) continue;
      ++outcome.refused;
      EXPECT_TRUE(DetailOf<google::rpc::RetryInfo>(status));
    }
    EXPECT_EQ(outcome.answered + outcome.refused + outcome.late, kCalls);
    return outcome;
  }

  ServingFixture fixture_;
};

class WithoutShedTest : public OverloadTest {
 protected:
  WithoutShedTest() : OverloadTest(false) {}
};

TEST_F(OverloadTest, RefusesWhatItCanNotAnswerInTime) {
  const Outcome outcome = CallAtOnce(kDeadline);
  EXPECT_GT(outcome.answered, 0);
  EXPECT_GT(outcome.refused, 0);
  // And it is forgotten at once.
  EXPECT_TRUE(fixture_.GetUser(kDeadline).ok());
  EXPECT_GE(fixture_.server().stats().shed, outcome.refused);
}

TEST_F(OverloadTest, ABurstIsWorkedOff) {
  EXPECT_EQ(CallAtOnce(2 * kPatience).answered, kCalls);
}

TEST_F(OverloadTest, CallersWithoutADeadlineWait) {
  EXPECT_EQ(CallAtOnce(std::nullopt).answered, kCalls);
}

TEST_F(WithoutShedTest, NobodyIsRefusedAndSomeAreLate) {
  const Outcome outcome = CallAtOnce(kDeadline);
  EXPECT_EQ(outcome.refused, 0);
  EXPECT_GT(outcome.late, 0);
}

}  // namespace
}  // namespace gather::testing
