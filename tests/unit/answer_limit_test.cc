#include "server/fanout/answer_limit.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "gather/aggregator/v1/aggregator.pb.h"

namespace gather::fanout {
namespace {

using Response = aggregator::v1::GetOverviewResponse;

// Sections of so many bytes, in the order of their arrival.
class AnswerLimitTest : public ::testing::Test {
 protected:
  void Arrive(const std::vector<std::size_t>& sizes) {
    for (const std::size_t size : sizes) {
      const int field = static_cast<int>(arrivals_.size()) + 1;
      // Half of it is the section's own.
      StatusIn(field)->set_message(std::string(size / 2, 'x'));
      answer_.Splice(field, {grpc::Slice(std::string(size / 2, 'y'))});
      Arrival& arrival = arrivals_.emplace_back();
      arrival.field = field;
    }
  }

  v1::SectionStatus* StatusIn(int field) {
    Response& response = answer_.message();
    switch (field) {
      case Response::kUserFieldNumber:
        return response.mutable_user()->mutable_status();
      case Response::kOrdersFieldNumber:
        return response.mutable_orders()->mutable_status();
      default:
        return response.mutable_products()->mutable_status();
    }
  }

  // Which of them go.
  std::vector<bool> Fit(std::size_t max_bytes) {
    FitAnswer(answer_, arrivals_, max_bytes);
    std::vector<bool> gone;
    for (const Arrival& arrival : arrivals_) {
      const bool failed = arrival.landing.failure.has_value();
      EXPECT_EQ(failed, answer_.SizeOf(arrival.field) == 0);
      if (failed) {
        EXPECT_EQ(arrival.landing.failure->reason, Reason::kReplyTooLarge);
      }
      gone.push_back(failed);
    }
    return gone;
  }

  rpc::Spliced<Response> answer_;
  std::vector<Arrival> arrivals_;
};

using Gone = std::vector<bool>;

TEST_F(AnswerLimitTest, WhatFitsStays) {
  Arrive({2000, 3000, 1000});
  EXPECT_EQ(Fit(10'000), (Gone{false, false, false}));
}

TEST_F(AnswerLimitTest, TheLargestGoesWhicheverCameFirst) {
  Arrive({2000, 30'000, 1000});
  EXPECT_EQ(Fit(10'000), (Gone{false, true, false}));
}

TEST_F(AnswerLimitTest, AsManyGoAsMustGo) {
  Arrive({20'000, 5000, 30'000});
  EXPECT_EQ(Fit(10'000), (Gone{true, false, true}));
}

TEST_F(AnswerLimitTest, OfTwoAsLargeTheLaterGoes) {
  Arrive({6000, 6000, 1000});
  EXPECT_EQ(Fit(10'000), (Gone{false, true, false}));
}

TEST_F(AnswerLimitTest, AllGoWhereNoneFits) {
  Arrive({20'000, 20'000});
  EXPECT_EQ(Fit(10'000), (Gone{true, true}));
}

// Their statuses are still to come.
TEST_F(AnswerLimitTest, LeavesRoomForWhatIsSaidOfEach) {
  Arrive({5000, 4900});
  EXPECT_EQ(Fit(10'000), (Gone{true, false}));
}

TEST_F(AnswerLimitTest, SaysForTheLogHowLargeItIs) {
  Arrive({30'000});
  Fit(10'000);
  EXPECT_NE(arrivals_[0].landing.failure->detail.find("10000"),
            std::string::npos);
}

TEST_F(AnswerLimitTest, PartOfAStreamHasToFitByItself) {
  Arrive({9000});
  EXPECT_EQ(FitPart(answer_, {}, 10'000), std::nullopt);
  Arrive({1000});
  EXPECT_EQ(FitPart(answer_, {}, 10'000)->reason, Reason::kReplyTooLarge);
}

}  // namespace
}  // namespace gather::fanout
