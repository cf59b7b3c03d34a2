// The README's table of flags is that of the programs, each with every flag
// that its --help lists and no other.

#include <fstream>
#include <regex>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/program.h"

namespace gather::testing {
namespace {

using ::testing::ContainerEq;
using ::testing::Contains;

void AddFlags(const std::string& text, const std::regex& pattern,
              std::set<std::string>& flags) {
  const std::sregex_iterator end;
  for (std::sregex_iterator each(text.begin(), text.end(), pattern);
       each != end; ++each) {
    flags.insert((*each)[1]);
  }
}

// Of the rows whose first cell is one of `cells`.
std::set<std::string> FlagsInReadme(const std::set<std::string>& cells) {
  const std::regex row(R"(\| (\w+) \| ([^|]*) \|.*)");
  const std::regex flag("`--([a-z_]+)`");
  std::set<std::string> flags;
  std::ifstream readme(GATHER_README);
  for (std::string line; std::getline(readme, line);) {
    std::smatch found;
    if (std::regex_match(line, found, row) && cells.contains(found[1])) {
      AddFlags(found[2], flag, flags);
    }
  }
  return flags;
}

std::set<std::string> FlagsInHelp(const std::string& program) {
  Program help(Program::Output::kPipe, GATHER_BIN "/" + program, {"--help"});
  EXPECT_EQ(help.Wait(), 0);
  std::set<std::string> flags;
  AddFlags(help.output(), std::regex("\n  --([a-z_]+)"), flags);
  return flags;
}

TEST(HelpTest, HasTheFlagsOfTheReadmeForTheAggregator) {
  const std::set<std::string> help = FlagsInHelp("aggregator");
  EXPECT_THAT(help, Contains("user_target"));
  EXPECT_THAT(FlagsInReadme({"aggregator", "both", "all"}), ContainerEq(help));
}

TEST(HelpTest, HasTheFlagsOfTheReadmeForTheBackend) {
  const std::set<std::string> help = FlagsInHelp("backend");
  EXPECT_THAT(help, Contains("role"));
  EXPECT_THAT(FlagsInReadme({"backend", "both", "all"}), ContainerEq(help));
}

TEST(HelpTest, HasTheFlagsOfTheReadmeForGatherctl) {
  const std::set<std::string> help = FlagsInHelp("gatherctl");
  EXPECT_THAT(help, Contains("server"));
  EXPECT_THAT(FlagsInReadme({"gatherctl", "all"}), ContainerEq(help));
}

}  // namespace
}  // namespace gather::testing
