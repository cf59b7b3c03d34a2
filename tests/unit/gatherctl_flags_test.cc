#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/reflection.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/flags.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/ops/flags/parse_flags.h"

ABSL_FLAG(bool, test_switch, false, "Defined outside client/ and server/.");
ABSL_FLAG(int32_t, test_number, 1, "A number.");

namespace gather::ops {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Puts every flag back to what it was.
class ParseFlagsTest : public testing::Test {
 protected:
  // The arguments that are left, or the error as the only one.
  static std::vector<std::string> Parse(
      const std::vector<std::string>& arguments) {
    const absl::StatusOr<CommandLine> line = ParseFlags(arguments);
    if (!line.ok()) return {std::string(line.status().message())};
    return line->arguments;
  }

  static std::string WriteFile(const std::string& name,
                               const std::string& content) {
    const std::string path = testing::TempDir() + name;
    std::ofstream(path) << content;
    return path;
  }

 private:
  const absl::FlagSaver saver_;
};

TEST_F(ParseFlagsTest, SetsFlagsAndReturnsTheOtherArguments) {
  EXPECT_THAT(Parse({"overview", "--server=a:1", "42", "-timeout", "2s",
                     "--test_switch", "--test_number", "-7"}),
              ElementsAre("overview", "42"));
  EXPECT_EQ(absl::GetFlag(FLAGS_server), "a:1");
  EXPECT_EQ(absl::GetFlag(FLAGS_timeout), absl::Seconds(2));
  EXPECT_TRUE(absl::GetFlag(FLAGS_test_switch));
  EXPECT_EQ(absl::GetFlag(FLAGS_test_number), -7);
  EXPECT_THAT(Parse({"--notest_switch", "--server="}), IsEmpty());
  EXPECT_FALSE(absl::GetFlag(FLAGS_test_switch));
  EXPECT_EQ(absl::GetFlag(FLAGS_server), "");
}

TEST_F(ParseFlagsTest, ReadsOneFlagAgainAndNoOther) {
  const std::string file = WriteFile("again", "--test_number=5\n");
  const std::vector<std::string> arguments = {
      "--server",       "a:1", "--notest_switch",
      "--only_in_main", "x",   "--flagfile=" + file,
      "--timeout=2s"};
  EXPECT_TRUE(ReadFlagAgain("test_number", arguments).ok());
  EXPECT_EQ(absl::GetFlag(FLAGS_test_number), 5);
  EXPECT_NE(absl::GetFlag(FLAGS_server), "a:1");
  EXPECT_NE(absl::GetFlag(FLAGS_timeout), absl::Seconds(2));
  WriteFile("again", "--test_number=many\n");
  EXPECT_THAT(std::string(ReadFlagAgain("test_number", arguments).message()),
              HasSubstr("--test_number"));
  EXPECT_EQ(absl::GetFlag(FLAGS_test_number), 5);
  WriteFile("again", "# gone\n");
  EXPECT_TRUE(ReadFlagAgain("test_number", arguments).ok());
  EXPECT_EQ(absl::GetFlag(FLAGS_test_number), 1);
}

TEST_F(ParseFlagsTest, TakesAllForArgumentsAfterTwoDashes) {
  EXPECT_THAT(Parse({"a", "-", "--", "--server=x", "-y"}),
              ElementsAre("a", "-", "--server=x", "-y"));
}

TEST_F(ParseFlagsTest, NamesAFlagThatDoesNotExist) {
  EXPECT_THAT(Parse({"--bogus=1"}), ElementsAre("unknown flag '--bogus'"));
  EXPECT_THAT(Parse({"--noserver"}), ElementsAre("unknown flag '--noserver'"));
  EXPECT_THAT(Parse({"--=x"}), ElementsAre("unknown flag '--'"));
  EXPECT_THAT(Parse({"--a\x1b"}), ElementsAre("unknown flag '--a\\033'"));
}

TEST_F(ParseFlagsTest, SaysWhatAValueShouldHaveBeen) {
  EXPECT_THAT(Parse({"--timeout=5"}),
              ElementsAre("--timeout: '5' is not a duration such as 2s or "
                          "1500ms"));
  EXPECT_THAT(Parse({"--test_number=1.5"}),
              ElementsAre("--test_number: '1.5' is not a whole number in "
                          "range"));
  EXPECT_THAT(Parse({"--test_number=2147483648"}),
              ElementsAre(HasSubstr("is not a whole number in range")));
  EXPECT_THAT(Parse({"--test_switch=maybe"}),
              ElementsAre("--test_switch: 'maybe' is not true or false"));
  EXPECT_THAT(Parse({"--output=xml"}),
              ElementsAre("--output: 'xml': must be text or json"));
}

TEST_F(ParseFlagsTest, TakesNoOtherFlagForAValue) {
  EXPECT_THAT(Parse({"--server"}), ElementsAre("--server: needs a value"));
  EXPECT_THAT(Parse({"--server", "--timeout=2s"}),
              ElementsAre("--server: needs a value"));
  EXPECT_THAT(Parse({"--server=--x"}), IsEmpty());
}

TEST_F(ParseFlagsTest, ReadsFlagsFromAFile) {
  const std::string inner = WriteFile("inner.flags", "--timeout=3s\n");
  const std::string path = WriteFile(
      "outer.flags",
      "# how to reach it\n\n  --server=b:2  \n--flagfile=" + inner + "\n");
  EXPECT_THAT(Parse({"--flagfile=" + path, "42"}), ElementsAre("42"));
  EXPECT_EQ(absl::GetFlag(FLAGS_server), "b:2");
  EXPECT_EQ(absl::GetFlag(FLAGS_timeout), absl::Seconds(3));
}

TEST_F(ParseFlagsTest, RefusesAFlagFileThatItCannotUse) {
  EXPECT_THAT(Parse({"--flagfile=/nowhere/x"}),
              ElementsAre("--flagfile: cannot read '/nowhere/x'"));
  EXPECT_THAT(Parse({"--flagfile=" + WriteFile("words.flags", "server=x\n")}),
              ElementsAre(HasSubstr("'server=x' in ")));
  const std::string path = testing::TempDir() + "loop.flags";
  WriteFile("loop.flags", "--flagfile=" + path + "\n");
  EXPECT_THAT(Parse({"--flagfile=" + path}),
              ElementsAre(HasSubstr("is nested too deep")));
}

TEST_F(ParseFlagsTest, ReadsFlagsFromTheEnvironment) {
  setenv("FLAGS_server", "c:3", 1);
  unsetenv("FLAGS_timeout");
  EXPECT_THAT(Parse({"--fromenv=server", "--tryfromenv=timeout"}), IsEmpty());
  EXPECT_EQ(absl::GetFlag(FLAGS_server), "c:3");
  EXPECT_EQ(absl::GetFlag(FLAGS_timeout), absl::Seconds(5));
  EXPECT_THAT(Parse({"--fromenv=timeout"}),
              ElementsAre("--timeout: FLAGS_timeout is not in the "
                          "environment"));
  setenv("FLAGS_timeout", "soon", 1);
  EXPECT_THAT(Parse({"--fromenv=timeout"}),
              ElementsAre(HasSubstr("--timeout: 'soon' is not a duration")));
  unsetenv("FLAGS_server");
  unsetenv("FLAGS_timeout");
}

TEST_F(ParseFlagsTest, ListsOnlyThisProjectsFlagsInItsHelp) {
  const std::string help = HelpText("Usage: x");
  EXPECT_THAT(help, HasSubstr("Usage: x\n"));
  EXPECT_THAT(help, HasSubstr("  --timeout=5s\n      How long"));
  EXPECT_THAT(help, HasSubstr("\n\nCalls:\n  --"));
  EXPECT_THAT(help, HasSubstr("\n\nOther:\n"));
  EXPECT_THAT(help, Not(HasSubstr("test_switch")));
}

using ParseFlagsDeathTest = ParseFlagsTest;

void RunMain(std::vector<std::string> arguments) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  ParseFlagsOrExit(static_cast<int>(argv.size()), argv.data(), "Usage: x");
}

TEST_F(ParseFlagsDeathTest, ExitsWithZeroAfterHelpAndVersion) {
  EXPECT_EXIT(RunMain({"x", "--help"}), testing::ExitedWithCode(0), "^$");
  EXPECT_EXIT(RunMain({"x", "-h", "--bogus"}), testing::ExitedWithCode(0),
              "^$");
  EXPECT_EXIT(RunMain({"x", "--version"}), testing::ExitedWithCode(0), "^$");
}

TEST_F(ParseFlagsDeathTest, ExitsWithTwoAndOneLineAfterABadFlag) {
  EXPECT_EXIT(RunMain({"x", "--bogus"}), testing::ExitedWithCode(2),
              "^[^\n]+: unknown flag '--bogus'; see [^\n]+ --help\n$");
  EXPECT_EXIT(RunMain({"x", "--timeout=5"}), testing::ExitedWithCode(2),
              "^[^\n]+: --timeout: '5' is not a duration[^\n]+\n$");
}

}  // namespace
}  // namespace gather::ops
