#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "server/ops/log/log.h"
#include "server/ops/process.h"
#include "server/rpc/server_options.h"
#include "tests/support/channel.h"

namespace gather::ops {
namespace {

using ::testing::HasSubstr;

TEST(LogErrorsTest, OneInASecondIsAWarning) {
  testing::Channel channel = testing::Channel::Pipe();
  {
    Logger logger({.format = LogFormat::kJson}, channel.writer());
    const rpc::OnServerError log = LogErrors(logger);
    for (int i = 0; i < 100; ++i) {
      log({"accepting", "a.v1.Service/Get", absl::InternalError("no memory")});
    }
  }
  const std::string text = channel.Finish();
  EXPECT_EQ(text.find('\n'), text.size() - 1) << text;
  EXPECT_THAT(text, HasSubstr(R"("level":"warning")"));
  EXPECT_THAT(text, HasSubstr(R"("during":"accepting")"));
  EXPECT_THAT(text, HasSubstr(R"("method":"a.v1.Service/Get")"));
  EXPECT_THAT(text, HasSubstr(R"("error":"no memory")"));
}

}  // namespace
}  // namespace gather::ops
