// gatherctl watch, as a program: on a terminal and on a pipe.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/aggregator_fixture.h"
#include "tests/support/program.h"

namespace gather::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kUserLanded[] = "Name of u-1";
constexpr char kOrdersLanded[] = "orders, latest";
constexpr char kProductsLanded[] = "products, best match";

class WatchTest : public ::testing::Test {
 protected:
  WatchTest() {
    fixture_.user.SetScript({AnswerRight(&user_gate_)});
    fixture_.orders.SetScript({AnswerRight(&orders_gate_)});
    fixture_.products.SetScript({AnswerRight(&products_gate_)});
  }

  std::vector<std::string> Watch(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {
        "watch", "u-1", "--server=" + fixture_.address(), "--timeout=60s"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  void OpenAll() {
    for (Gate* gate : {&user_gate_, &orders_gate_, &products_gate_}) {
      gate->Open();
    }
  }

  AggregatorFixture fixture_;
  Gate user_gate_;
  Gate orders_gate_;
  Gate products_gate_;
};

TEST_F(WatchTest, OnATerminalTheFastestIsShownWhileTheSlowestIsInFlight) {
  Program watch(Program::Output::kTerminal, GATHERCTL, Watch());
  products_gate_.Open();
  ASSERT_TRUE(watch.ReadUntil(kProductsLanded));
  EXPECT_THAT(watch.output(), Not(HasSubstr(kUserLanded)));
  // Frames go on, each drawn over the last, and the bar of what is in flight
  // grows: with no news from the server, by the client's clock.
  ASSERT_TRUE(watch.ReadUntil("\x1b[4A\r"));
  ASSERT_TRUE(watch.ReadUntil("\x1b[4A\r"));
  orders_gate_.Open();
  ASSERT_TRUE(watch.ReadUntil(kOrdersLanded));
  EXPECT_THAT(watch.output(), Not(HasSubstr(kUserLanded)));
  user_gate_.Open();
  ASSERT_TRUE(watch.ReadUntil(kUserLanded));
  ASSERT_TRUE(watch.ReadUntil("Total time: "));
  EXPECT_EQ(watch.Wait(), 0);
}

TEST_F(WatchTest, OnAPipeEachSectionIsALineWithoutEscapeCodes) {
  Program watch(Program::Output::kPipe, GATHERCTL, Watch());
  products_gate_.Open();
  ASSERT_TRUE(watch.ReadUntil("\n"));
  EXPECT_THAT(watch.output(), HasSubstr(kProductsLanded));
  orders_gate_.Open();
  ASSERT_TRUE(watch.ReadUntil("\n"));
  EXPECT_THAT(watch.output(), HasSubstr(kOrdersLanded));
  EXPECT_THAT(watch.output(), Not(HasSubstr(kUserLanded)));
  user_gate_.Open();
  EXPECT_EQ(watch.Wait(), 0);
  EXPECT_THAT(watch.output(), StartsWith("✓ products "));
  EXPECT_THAT(watch.output(), HasSubstr("\n✓ orders "));
  EXPECT_THAT(watch.output(), HasSubstr("\n✓ user "));
  EXPECT_THAT(watch.output(), HasSubstr("\nTotal time: "));
  EXPECT_THAT(watch.output(), Not(HasSubstr("\x1b")));
}

TEST_F(WatchTest, JsonIsOneMessageALine) {
  OpenAll();
  Program watch(Program::Output::kTerminal, GATHERCTL,
                Watch({"--output=json", "--sections=user"}));
  EXPECT_EQ(watch.Wait(), 0);
  EXPECT_THAT(watch.output(), StartsWith("{\"user\":{"));
  EXPECT_THAT(watch.output(), HasSubstr("}\r\n{\"summary\":{"));
  EXPECT_THAT(watch.output(), Not(HasSubstr("\x1b")));
}

TEST_F(WatchTest, ExitsAsOverviewDoes) {
  OpenAll();
  fixture_.orders.SetScript({Fail(grpc::StatusCode::INTERNAL)});
  Program partial(Program::Output::kPipe, GATHERCTL, Watch());
  EXPECT_EQ(partial.Wait(), 3);
  EXPECT_THAT(partial.output(), HasSubstr("✗ orders "));

  Program failed(Program::Output::kPipe, GATHERCTL,
                 Watch({"--required=orders"}));
  EXPECT_EQ(failed.Wait(), 1);

  Program bad_usage(Program::Output::kPipe, GATHERCTL,
                    Watch({"--sections=nothing"}));
  EXPECT_EQ(bad_usage.Wait(), 2);
}

TEST_F(WatchTest, FailureOnATerminalLeavesWhatCameAndSaysWhy) {
  fixture_.orders.SetScript(
      {Fail(grpc::StatusCode::INTERNAL, "", &orders_gate_)});
  Program watch(Program::Output::kTerminal, GATHERCTL,
                Watch({"--required=orders"}));
  products_gate_.Open();
  ASSERT_TRUE(watch.ReadUntil(kProductsLanded));
  orders_gate_.Open();
  ASSERT_TRUE(watch.ReadUntil("gatherctl: INTERNAL: required section orders"));
  EXPECT_EQ(watch.Wait(), 1);
  const std::string end =
      watch.output().substr(watch.output().rfind("\x1b[4A\r"));
  EXPECT_THAT(end, HasSubstr(kProductsLanded));
  EXPECT_THAT(end, HasSubstr("did not come"));
}

}  // namespace
}  // namespace gather::testing
