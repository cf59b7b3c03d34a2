#include "server/ops/log/grpc_log.h"

#include <grpcpp/version_info.h>
#include <gtest/gtest.h>

// Later versions log through Abseil, whose macros Debian 12 does not have.
#if GRPC_CPP_VERSION_MAJOR == 1 && GRPC_CPP_VERSION_MINOR < 65

#include <fcntl.h>
#include <google/protobuf/wrappers.pb.h>
#include <grpc/support/log.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string>

#include "absl/strings/match.h"
#include "server/ops/log/log.h"

namespace gather::ops {
namespace {

void LogALineOfEachSeverity() {
  gpr_set_log_verbosity(GPR_LOG_SEVERITY_DEBUG);
  gpr_log_message("/src/core/a.cc", 1, GPR_LOG_SEVERITY_DEBUG, "one");
  gpr_log_message("/src/core/b.cc", 2, GPR_LOG_SEVERITY_INFO, "two");
  gpr_log_message("/src/core/c.cc", 3, GPR_LOG_SEVERITY_ERROR, "th ree");
}

// What a Logger writes to a pipe meanwhile.
std::string Collect(const LogOptions& options,
                    const std::function<void()>& log = LogALineOfEachSeverity) {
  std::array<int, 2> ends = {-1, -1};
  EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  {
    Logger logger(options, ends[1]);
    const ScopedGrpcLog scoped(logger);
    log();
  }
  close(ends[1]);
  std::array<char, 4096> buffer;
  const ssize_t size = read(ends[0], buffer.data(), buffer.size());
  EXPECT_GE(size, 0);
  close(ends[0]);
  return {buffer.data(), static_cast<std::size_t>(size)};
}

TEST(GrpcLogTest, AnErrorOfGrpcIsAnErrorWithItsSource) {
  const std::string text = Collect({});
  EXPECT_TRUE(
      absl::EndsWith(text, "Z ERROR grpc text=\"th ree\" source=c.cc:3\n"))
      << text;
}

TEST(GrpcLogTest, TheRestIsDebug) {
  const std::string text = Collect({.level = LogLevel::kDebug});
  EXPECT_TRUE(absl::StrContains(text, "DEBUG grpc text=one")) << text;
  EXPECT_TRUE(absl::StrContains(text, "DEBUG grpc text=two")) << text;
  EXPECT_FALSE(absl::StrContains(Collect({}), "text=two"));
}

TEST(GrpcLogTest, WhatMakesGrpcAbortIsTold) {
  const auto abort_as_grpc_does = [] {
    Logger logger({});
    const ScopedGrpcLog scoped(logger);
    gpr_log_verbosity_init();  // as grpc_init() does
    GPR_ASSERT(1 + 1 == 3);
  };
  EXPECT_DEATH(
      abort_as_grpc_does(),
      "ERROR grpc text=\"assertion failed: 1 . 1 == 3\" source=grpc_log");
}

TEST(GrpcLogTest, ProtobufWritesNothingOfItsOwn) {
  google::protobuf::StringValue message;
  const std::string broken("\x0a\x01\xff", 3);
  testing::internal::CaptureStderr();
  const std::string text = Collect({.level = LogLevel::kDebug}, [&] {
    EXPECT_FALSE(message.ParseFromString(broken));
  });
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_TRUE(absl::StrContains(text, "DEBUG protobuf text=")) << text;
}

TEST(GrpcLogTest, GrpcHasItsOwnLogBackAfterwards) {
  Collect({});
  testing::internal::CaptureStderr();
  gpr_log_message("/src/core/d.cc", 4, GPR_LOG_SEVERITY_ERROR, "four");
  EXPECT_TRUE(
      absl::StrContains(testing::internal::GetCapturedStderr(), "four"));
}

}  // namespace
}  // namespace gather::ops

#endif
