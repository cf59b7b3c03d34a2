#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/reflection.h"
#include "absl/time/time.h"
#include "client/command.h"
#include "client/flags.h"
#include "client/overview.h"
#include "client/svg.h"
#include "client/watch.h"
#include "gather/aggregator/v1/aggregator.pb.h"
#include "gmock/gmock.h"
#include "grpcpp/support/status.h"
#include "gtest/gtest.h"

namespace gather::client {
namespace {

using gather::aggregator::v1::GetOverviewResponse;
using ::testing::HasSubstr;
using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

// Runs `arguments` against a table of two commands; `error` is what went to
// stderr. A command that is run exits with kPartial.
int Dispatch(const std::vector<std::string>& arguments, std::string& error) {
  const auto run = [](const std::vector<std::string>&) -> int {
    return kPartial;
  };
  const Command commands[] = {{"greet", "USER", "", run},
                              {"ping", "", "", run}};
  CaptureStderr();
  const int exit_code = RunCommand(commands, arguments);
  error = GetCapturedStderr();
  return exit_code;
}

void ExpectBadUsage(const std::vector<std::string>& arguments,
                    const std::string& message) {
  std::string error;
  EXPECT_EQ(Dispatch(arguments, error), kBadUsage);
  EXPECT_THAT(error, HasSubstr(": " + message + "; see "));
  EXPECT_THAT(error, HasSubstr(" --help\n"));
}

TEST(RunCommandTest, RunsTheCommandThatIsNamed) {
  std::string error;
  EXPECT_EQ(Dispatch({"ping"}, error), kPartial);
  EXPECT_EQ(Dispatch({"greet", "ada"}, error), kPartial);
  EXPECT_EQ(error, "");
}

TEST(RunCommandTest, NamesWhatIsWrongWithACommandLine) {
  ExpectBadUsage({}, "missing command");
  ExpectBadUsage({"pong"}, "unknown command 'pong'");
  ExpectBadUsage({"greet"}, "greet: missing USER");
  ExpectBadUsage({"greet", ""}, "greet: empty USER");
  ExpectBadUsage({"greet", "ada", "x\x1b"},
                 "greet: unexpected argument 'x\\x1b'");
  ExpectBadUsage({"ping", "ada"}, "ping: unexpected argument 'ada'");
}

TEST(RunCommandTest, RefusesATimeoutThatLeavesNoTimeOrNoEnd) {
  const absl::FlagSaver saver;
  absl::SetFlag(&FLAGS_timeout, absl::ZeroDuration());
  ExpectBadUsage({"ping"},
                 "--timeout: must be more than 0 and at most a year, not 0");
  absl::SetFlag(&FLAGS_timeout, absl::InfiniteDuration());
  ExpectBadUsage({"ping"},
                 "--timeout: must be more than 0 and at most a year, not inf");
}

TEST(RunWatchTest, RefusesToDraw) {
  const absl::FlagSaver saver;
  absl::SetFlag(&FLAGS_svg, "out.svg");
  CaptureStderr();
  EXPECT_EQ(RunWatch({"ada"}), kBadUsage);
  EXPECT_THAT(GetCapturedStderr(), HasSubstr(": --svg: not with watch; see "));
}

TEST(ExitCodeTest, TellsCompletePartialAndFailedApart) {
  GetOverviewResponse response;
  EXPECT_EQ(ExitCodeFor(grpc::Status::OK, response), 3);
  response.set_complete(true);
  EXPECT_EQ(ExitCodeFor(grpc::Status::OK, response), 0);
  const grpc::Status unavailable(grpc::StatusCode::UNAVAILABLE, "down");
  EXPECT_EQ(ExitCodeFor(unavailable, response), 1);
}

TEST(ExitCodeTest, TakesAnAnswerWithoutSectionsForAFailure) {
  GetOverviewResponse response;
  EXPECT_EQ(CheckAnswer(grpc::Status::OK, response).error_code(),
            grpc::StatusCode::INTERNAL);
  response.mutable_orders();
  EXPECT_TRUE(CheckAnswer(grpc::Status::OK, response).ok());
}

}  // namespace
}  // namespace gather::client
