#include "server/ops/log/repeat_limit.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

namespace gather::ops {
namespace {

using std::chrono::milliseconds;

class RepeatLimitTest : public ::testing::Test {
 protected:
  std::optional<uint64_t> Pass(const std::string& kind, int at_ms) {
    return limit_.Pass(kind, async::Clock::time_point(milliseconds(at_ms)));
  }

  RepeatLimit limit_{2};
};

TEST_F(RepeatLimitTest, SoManyInASecondPassAndTheNextSaysHowManyDidNot) {
  EXPECT_EQ(Pass("a", 0), 0U);
  EXPECT_EQ(Pass("a", 1), 0U);
  EXPECT_EQ(Pass("a", 2), std::nullopt);
  EXPECT_EQ(Pass("a", 999), std::nullopt);
  EXPECT_EQ(Pass("a", 1000), 2U);
  EXPECT_EQ(Pass("a", 1001), 0U);
  EXPECT_EQ(Pass("a", 1002), std::nullopt);
  EXPECT_EQ(Pass("a", 60'000), 1U);
}

TEST_F(RepeatLimitTest, KindsDoNotHinderEachOther) {
  EXPECT_EQ(Pass("a", 0), 0U);
  EXPECT_EQ(Pass("a", 0), 0U);
  EXPECT_EQ(Pass("a", 0), std::nullopt);
  EXPECT_EQ(Pass("b", 0), 0U);
}

TEST_F(RepeatLimitTest, KindsBeyondTheirMaximumPass) {
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_EQ(Pass(std::to_string(i), 0), 0U);
  }
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Pass("9999", 0), 0U);
  // And those of a second ago make room.
  EXPECT_EQ(Pass("9999", 1000), 0U);
  EXPECT_EQ(Pass("9999", 1000), 0U);
  EXPECT_EQ(Pass("9999", 1000), std::nullopt);
}

TEST(RepeatLimitOffTest, ZeroLetsAllPass) {
  RepeatLimit limit(0);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(limit.Pass("a", {}), 0U);
}

}  // namespace
}  // namespace gather::ops
