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

TEST_F(StopFlagsTest, ADrainThatEndsBeforeConnectionsDoIsWarnedOf) {
  EXPECT_THAT(WarningsOf("10s", "10s"),
              ElementsAre("--drain_timeout: 10s ends connections before "
                          "--max_connection_age makes their clients leave; "
                          "that takes 13s"));
  EXPECT_THAT(WarningsOf("10s", "13s"), IsEmpty());
}

TEST_F(StopFlagsTest, ConnectionsThatAreNotMeantToEndByThemselvesAreNot) {
  EXPECT_THAT(WarningsOf("1h", "10s"), IsEmpty());
}

}  // namespace
}  // namespace gather::ops
