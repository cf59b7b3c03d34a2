#include "server/ops/log/request_log.h"

#include <gmock/gmock.h>
#include <grpcpp/support/status.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/async/event_loop.h"
#include "server/rpc/server_call.h"
#include "server/rpc/trace.h"
#include "tests/support/channel.h"

namespace gather::ops {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr uint32_t kNone = 0;

class RequestLogTest : public ::testing::Test {
 protected:
  // What the log has to say of a call that ended so.
  std::string LogOf(const rpc::ServerCall& call, const grpc::Status& status,
                    uint32_t sample, LogLevel level = LogLevel::kInfo) {
    testing::Channel channel = testing::Channel::Pipe();
    {
      Logger logger({.format = LogFormat::kJson, .level = level},
                    channel.writer());
      RequestLog(logger, {.sample = sample}).OnEnd(call, status);
    }
    return channel.Finish();
  }

  async::EventLoop loop_;
  rpc::TraceIds ids_{1};
  rpc::ServerCall call_{loop_, 0, ids_, "a.v1.Service/Get"};
};

TEST_F(RequestLogTest, NotesAreFieldsWithTheirUnits) {
  call_.AddLogField("user", std::string_view("ok"));
  call_.AddLogField("user", std::chrono::microseconds(1500));
  call_.AddErrorLogField("orders_error", std::string("INTERNAL: \x1b[31mno\n"));
  const std::string line = LogOf(call_, grpc::Status::OK, 1);
  EXPECT_THAT(line, HasSubstr(R"("user":"ok","user_ms":1.5,)"));
  // One line, that steers no terminal.
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_THAT(line, Not(HasSubstr("\x1b")));
}

TEST_F(RequestLogTest, TheCallersSpanIsSaidWhereThereIsOne) {
  call_.call_trace().Begin(rpc::TraceContext(ids_), nullptr);
  EXPECT_THAT(LogOf(call_, grpc::Status::OK, 1),
              Not(HasSubstr("parent_span_id")));
  call_.call_trace().Begin(
      rpc::TraceContext::Receive(
          "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "", ids_),
      nullptr);
  const std::string line = LogOf(call_, grpc::Status::OK, 1);
  EXPECT_THAT(line, HasSubstr(R"("parent_span_id":"b7ad6b7169203331")"));
  EXPECT_THAT(line, Not(HasSubstr(R"("span_id":"b7ad6b7169203331")")));
}

TEST_F(RequestLogTest, WhatWentWellCanBeLeftOut) {
  EXPECT_EQ(LogOf(call_, grpc::Status::OK, kNone), "");
  EXPECT_NE(LogOf(call_, grpc::Status::OK, 1), "");
}

TEST_F(RequestLogTest, WhatFailedIsAlwaysLogged) {
  const grpc::Status status(grpc::StatusCode::NOT_FOUND, "there is no such");
  EXPECT_THAT(LogOf(call_, status, kNone), HasSubstr(R"("code":"NOT_FOUND")"));
}

TEST_F(RequestLogTest, WhatHadTroubleIsAlwaysLogged) {
  call_.AddErrorLogField("orders_error", std::string("INTERNAL: no"));
  EXPECT_THAT(LogOf(call_, grpc::Status::OK, kNone),
              HasSubstr(R"("orders_error":"INTERNAL: no")"));
}

TEST_F(RequestLogTest, WhatIsNotTheCallersDoingIsAWarningOrAnError) {
  for (const auto& [code, level] :
       {std::pair(grpc::StatusCode::OK, "info"),
        std::pair(grpc::StatusCode::INVALID_ARGUMENT, "info"),
        std::pair(grpc::StatusCode::CANCELLED, "info"),
        std::pair(grpc::StatusCode::UNAVAILABLE, "warning"),
        std::pair(grpc::StatusCode::DEADLINE_EXCEEDED, "warning"),
        std::pair(grpc::StatusCode::INTERNAL, "error")}) {
    EXPECT_THAT(LogOf(call_, grpc::Status(code, ""), 1),
                HasSubstr(absl::StrCat("\"level\":\"", level, "\"")));
  }
  call_.AddErrorLogField("orders_error", std::string("INTERNAL: no"));
  EXPECT_THAT(LogOf(call_, grpc::Status::OK, 1),
              HasSubstr(R"("level":"warning")"));
  const grpc::Status gone(grpc::StatusCode::CANCELLED, "the caller went away");
  EXPECT_THAT(LogOf(call_, gone, 1), HasSubstr(R"("level":"info")"));
}

TEST_F(RequestLogTest, CallerThatTakesNothingInIsAWarning) {
  call_.Stop(rpc::StopCause::kSendTimeout);
  EXPECT_THAT(LogOf(call_, rpc::StopStatus(call_.stop_cause()), kNone),
              HasSubstr(R"("level":"warning")"));
}

TEST_F(RequestLogTest, CallsThatFailAlikeAreThinnedAndCounted) {
  constexpr int kCalls = 25;
  rpc::ServerCall other(loop_, 0, ids_, "a.v1.Service/Get");
  other.AddLogField("orders", std::string_view("BACKEND_ERROR"));
  call_.AddLogField("orders", std::string_view("BACKEND_UNAVAILABLE"));
  const grpc::Status status(grpc::StatusCode::UNAVAILABLE, "");
  testing::Channel channel = testing::Channel::Pipe();
  {
    Logger logger({.format = LogFormat::kJson}, channel.writer());
    RequestLog log(logger, {.repeats = 1});
    for (int i = 0; i < kCalls; ++i) {
      // What a backend said makes no difference.
      call_.AddErrorLogField("orders_error", absl::StrCat("UNAVAILABLE: ", i));
      log.OnEnd(call_, status);
    }
    log.OnEnd(other, status);
    // The log has no clock but the real one: until the second is over.
    std::this_thread::sleep_for(std::chrono::seconds(1));
    log.OnEnd(call_, status);
  }
  const std::string text = channel.Finish();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3) << text;
  EXPECT_THAT(text, HasSubstr(R"("orders":"BACKEND_ERROR")"));
  EXPECT_THAT(text, HasSubstr(absl::StrCat("\"skipped\":", kCalls - 1)));
}

TEST_F(RequestLogTest, TheLevelComesFirst) {
  const grpc::Status status(grpc::StatusCode::NOT_FOUND, "there is no such");
  EXPECT_EQ(LogOf(call_, status, 1, LogLevel::kWarning), "");
}

TEST(IsSampledTest, NoneAllOrOneInSoMany) {
  rpc::TraceIds ids(1);
  int sampled = 0;
  constexpr int kTraces = 10'000;
  for (int i = 0; i < kTraces; ++i) {
    const std::string id(rpc::TraceContext(ids).trace_id());
    EXPECT_FALSE(IsSampled(id, 0));
    EXPECT_TRUE(IsSampled(id, 1));
    if (IsSampled(id, 10)) ++sampled;
  }
  EXPECT_NEAR(sampled, kTraces / 10, kTraces / 50);
}

TEST(IsSampledTest, TheRightEndOfTheIdDecides) {
  const std::string left(24, 'f');
  EXPECT_TRUE(IsSampled(left + "00000064", 100));
  EXPECT_FALSE(IsSampled(left + "00000065", 100));
}

TEST(IsSampledTest, WhatIsNoIdHarmsNobody) {
  EXPECT_TRUE(IsSampled("", 2));
  EXPECT_TRUE(IsSampled("xyz", 2));
}

}  // namespace
}  // namespace gather::ops
