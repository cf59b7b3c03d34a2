#include "server/ops/spans/sampler.h"

#include <gtest/gtest.h>

#include <string>

#include "server/rpc/trace.h"

namespace gather::ops {
namespace {

constexpr char kSampled[] =
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
constexpr char kNotSampled[] =
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

class SamplerTest : public ::testing::Test {
 protected:
  bool Samples(const std::string& name, const std::string& argument,
               const std::string& parent) {
    const absl::StatusOr<Sampler> sampler = Sampler::Make(name, argument);
    EXPECT_TRUE(sampler.ok()) << sampler.status();
    return sampler->Samples(rpc::TraceContext::Receive(parent, "", ids_));
  }

  rpc::TraceIds ids_{1};
};

TEST_F(SamplerTest, ByDefaultTheCallerDecidesAndElseAllIsRecorded) {
  EXPECT_TRUE(Samples("", "", ""));
  EXPECT_TRUE(Samples("", "", kSampled));
  EXPECT_FALSE(Samples("", "", kNotSampled));
}

TEST_F(SamplerTest, ParentBasedOnesAskTheCallerFirst) {
  for (const char* name : {"parentbased_always_on", "parentbased_always_off",
                           "parentbased_traceidratio"}) {
    EXPECT_TRUE(Samples(name, "0", kSampled)) << name;
    EXPECT_FALSE(Samples(name, "1", kNotSampled)) << name;
  }
  EXPECT_TRUE(Samples("parentbased_always_on", "", ""));
  EXPECT_FALSE(Samples("parentbased_always_off", "", ""));
  EXPECT_TRUE(Samples("parentbased_traceidratio", "1", ""));
  EXPECT_FALSE(Samples("parentbased_traceidratio", "0", ""));
}

TEST_F(SamplerTest, OthersAskNobody) {
  EXPECT_TRUE(Samples("always_on", "", kNotSampled));
  EXPECT_FALSE(Samples("always_off", "", kSampled));
  EXPECT_TRUE(Samples("traceidratio", "", kNotSampled));
  EXPECT_FALSE(Samples("traceidratio", "0.0", kSampled));
}

TEST_F(SamplerTest, TakesAShareByTheRightHalfOfTheId) {
  // Of 2^63, it stands at a quarter.
  const std::string at_a_quarter =
      "00-ffffffffffffffff2000000000000000-b7ad6b7169203331-01";
  EXPECT_FALSE(Samples("traceidratio", "0.25", at_a_quarter));
  EXPECT_TRUE(Samples("traceidratio", "0.2500001", at_a_quarter));
  // Its first bit counts for nothing.
  const std::string with_first_bit =
      "00-ffffffffffffffffa000000000000000-b7ad6b7169203331-01";
  EXPECT_FALSE(Samples("traceidratio", "0.25", with_first_bit));
  EXPECT_TRUE(Samples("traceidratio", "0.2500001", with_first_bit));
}

TEST_F(SamplerTest, TakesThatShareOfOurOwnIds) {
  const Sampler sampler = Sampler::Make("traceidratio", "0.1").value();
  int sampled = 0;
  for (int i = 0; i < 10000; ++i) {
    if (sampler.Samples(rpc::TraceContext(ids_))) ++sampled;
  }
  EXPECT_GT(sampled, 850);
  EXPECT_LT(sampled, 1150);
}

TEST_F(SamplerTest, SaysWhichVariableIsWrong) {
  for (const char* name : {"ALWAYS_ON", "jaeger_remote", "parentbased_", "x"}) {
    const auto sampler = Sampler::Make(name, "");
    ASSERT_FALSE(sampler.ok()) << name;
    EXPECT_EQ(sampler.status().message(),
              "OTEL_TRACES_SAMPLER: must be always_on, always_off, "
              "traceidratio, or one of these behind parentbased_, not \"" +
                  std::string(name) + "\"");
  }
  for (const char* ratio : {"1.5", "-0.1", "nan", "half", "0.5x", " "}) {
    const auto sampler = Sampler::Make("parentbased_traceidratio", ratio);
    ASSERT_FALSE(sampler.ok()) << ratio;
    EXPECT_EQ(sampler.status().message(),
              "OTEL_TRACES_SAMPLER_ARG: must be from 0 to 1, not \"" +
                  std::string(ratio) + "\"");
  }
}

}  // namespace
}  // namespace gather::ops
