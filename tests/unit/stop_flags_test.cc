#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "server/ops/flags/flag_groups.h"
#include "server/ops/flags/server_flags.h"

namespace gather::ops {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class StopFlagsTest : public ::testing::Test {
 protected:
  static std::vector<std::string> WarningsOf(const std::string& age,
                                             const std::string& timeout) {
    const absl::FlagSaver saver;
    std::string error;
    EXPECT_TRUE(
        absl::FindCommandLineFlag("max_connection_age")->ParseFrom(age, &error))
        << error;
    EXPECT_TRUE(
        absl::FindCommandLineFlag("drain_timeout")->ParseFrom(timeout, &error))
        << error;
    ServerSettings settings;
    EXPECT_TRUE(ReadStopFlags(settings).ok());
    return settings.warnings;
  }
};

TEST_F(StopFlagsTest, ADrainThatCanNotWaitForConnectionsIsWarnedOf) {
  EXPECT_THAT(
      WarningsOf("10s", "12s"),
      ElementsAre("--drain_timeout: 12s is too short to wait until "
                  "--max_connection_age has made clients leave, so connections "
                  "end at once at a stop; 13s is enough"));
  EXPECT_THAT(WarningsOf("10s", "12001ms"), IsEmpty());
  EXPECT_THAT(WarningsOf("5m", "331s"), SizeIs(1));
  EXPECT_THAT(WarningsOf("5m", "332s"), IsEmpty());
}

TEST_F(StopFlagsTest, ConnectionsThatAreNotMeantToEndByThemselvesAreNot) {
  EXPECT_THAT(WarningsOf("301s", "10s"), IsEmpty());
  EXPECT_THAT(WarningsOf("1h", "10s"), IsEmpty());
}

}  // namespace
}  // namespace gather::ops
