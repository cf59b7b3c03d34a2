// The tables of deploy/FLAGS.md are those of the programs: each flag that
// --help lists and no other, under the same headings, in the same order.

#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/program.h"

namespace gather::testing {
namespace {

using ::testing::ContainerEq;
using ::testing::Contains;
using ::testing::Pair;

// Flags by the heading that they stand under.
using Groups = std::vector<std::pair<std::string, std::set<std::string>>>;

void AddFlags(const std::string& text, const std::regex& pattern,
              std::set<std::string>& flags) {
  const std::sregex_iterator end;
  for (std::sregex_iterator each(text.begin(), text.end(), pattern);
       each != end; ++each) {
    flags.insert((*each)[1]);
  }
}

// The tables' rows whose first cell is one of `cells`.
Groups GroupsOnPage(const std::set<std::string>& cells) {
  const std::regex row(R"(\| (\w+) \| ([^|]*) \|.*)");
  const std::regex flag("`--([a-z_]+)`");
  Groups groups;
  std::ifstream page(GATHER_FLAGS_PAGE);
  std::string heading;
  for (std::string line; std::getline(page, line);) {
    std::smatch found;
    if (line.rfind("## ", 0) == 0) {
      heading = line.substr(3);
    } else if (std::regex_match(line, found, row) && cells.contains(found[1])) {
      if (groups.empty() || groups.back().first != heading) {
        groups.push_back({heading, {}});
      }
      AddFlags(found[2], flag, groups.back().second);
    }
  }
  return groups;
}

Groups GroupsInHelp(const std::string& program) {
  Program help(Program::Output::kPipe, GATHER_BIN "/" + program, {"--help"});
  EXPECT_EQ(help.Wait(), 0);
  const std::regex heading("\n\n([A-Z][A-Za-z ]+):(?=\n  --)");
  const std::string text = help.output();
  Groups groups;
  const std::sregex_iterator end;
  for (std::sregex_iterator each(text.begin(), text.end(), heading);
       each != end; ++each) {
    groups.push_back({(*each)[1], {}});
    const auto next = std::next(each);
    const auto from = each->position() + each->length();
    const auto to = next == end ? text.size() : next->position();
    AddFlags(text.substr(from, to - from), std::regex("\n  --([a-z_]+)"),
             groups.back().second);
  }
  return groups;
}

TEST(HelpTest, HasTheFlagsOfItsPageInTheirOrderForTheAggregator) {
  const Groups help = GroupsInHelp("aggregator");
  EXPECT_THAT(help, Contains(Pair("Backends", Contains("user_target"))));
  EXPECT_THAT(GroupsOnPage({"aggregator", "both", "all"}), ContainerEq(help));
}

TEST(HelpTest, HasTheFlagsOfItsPageInTheirOrderForTheBackend) {
  const Groups help = GroupsInHelp("backend");
  EXPECT_THAT(help, Contains(Pair("Answers", Contains("role"))));
  EXPECT_THAT(GroupsOnPage({"backend", "both", "all"}), ContainerEq(help));
}

TEST(HelpTest, HasTheFlagsOfItsPageInTheirOrderForGatherctl) {
  const Groups help = GroupsInHelp("gatherctl");
  EXPECT_THAT(help, Contains(Pair("Calls", Contains("server"))));
  EXPECT_THAT(GroupsOnPage({"gatherctl", "all"}), ContainerEq(help));
}

}  // namespace
}  // namespace gather::testing
