#include "server/ops/log/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "server/ops/log/line_queue.h"
#include "server/ops/log/log_escape.h"
#include "tests/support/channel.h"

namespace gather::ops {
namespace {

using testing::Channel;

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  EXPECT_EQ(lines.back(), "") << "the last record has no line end";
  lines.pop_back();
  return lines;
}

constexpr std::size_t kQueued = 8;

// A short queue and an impatient end.
LogOptions SmallQueue() {
  return {.queue_records = kQueued, .flush_timeout = absl::Milliseconds(10)};
}

// More than the queue, and what the thread holds, can take, before and after
// the thread has begun to write.
constexpr std::size_t kTooMany = 500;
void LogTooMuch(Logger& logger) {
  for (std::size_t i = 0; i < kTooMany; ++i) {
    if (i == kTooMany / 2) {
      std::this_thread::sleep_for(5 * LineQueue::kGatherTime);
    }
    logger.Log(LogLevel::kInfo, "filler", {{"n", i}});
  }
  EXPECT_GE(logger.dropped(), kTooMany / 2);
}

TEST(LogTest, WhatWasLoggedIsWrittenByTheEnd) {
  Channel channel = Channel::Pipe();
  {
    Logger logger({.format = LogFormat::kText}, channel.writer());
    logger.Log(LogLevel::kInfo, "listening", {{"port", 50051}});
    logger.Log(LogLevel::kError, "failed");
  }
  const std::vector<std::string> lines = Lines(channel.Finish());
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_TRUE(absl::EndsWith(lines[0], "Z INFO listening port=50051"));
  EXPECT_TRUE(absl::EndsWith(lines[1], "Z ERROR failed"));
}

TEST(LogTest, TheFormatIsTheOneAskedFor) {
  Channel channel = Channel::Pipe();
  {
    Logger logger({.format = LogFormat::kJson}, channel.writer());
    logger.Log(LogLevel::kInfo, "listening", {{"port", 50051}});
  }
  const std::vector<std::string> lines = Lines(channel.Finish());
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(absl::EndsWith(
      lines[0], R"("level":"info","message":"listening","port":50051})"));
}

TEST(LogTest, RecordsBelowTheLevelAreLeftOut) {
  Channel channel = Channel::Pipe();
  {
    Logger logger({.level = LogLevel::kWarning}, channel.writer());
    EXPECT_FALSE(logger.Enabled(LogLevel::kInfo));
    EXPECT_TRUE(logger.Enabled(LogLevel::kWarning));
    logger.Log(LogLevel::kInfo, "one");
    logger.Log(LogLevel::kWarning, "two");
    logger.Log(LogLevel::kError, "three");
    EXPECT_EQ(logger.dropped(), 0U);
  }
  const std::vector<std::string> lines = Lines(channel.Finish());
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_TRUE(absl::EndsWith(lines[0], "two"));
  EXPECT_TRUE(absl::EndsWith(lines[1], "three"));
}

TEST(LogTest, OffWritesNothing) {
  Channel channel = Channel::Pipe();
  {
    Logger logger({.level = LogLevel::kOff}, channel.writer());
    logger.Log(LogLevel::kError, "one");
    logger.Log(LogLevel::kOff, "two");
  }
  EXPECT_EQ(channel.Finish(), "");
}

TEST(LogTest, ManyThreadsWriteWholeLines) {
  constexpr int kThreads = 4;
  constexpr int kRecords = 500;
  Channel channel = Channel::Pipe();
  std::string text;
  std::thread reader([&] { text = channel.ReadUntilClosed(); });
  {
    Logger logger({.flush_timeout = absl::InfiniteDuration()},
                  channel.writer());
    std::vector<std::thread> threads;
    threads.reserve(kThreads);
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&logger] {
        for (int j = 0; j < kRecords; ++j) {
          logger.Log(LogLevel::kInfo, "record", {{"n", j}});
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(logger.dropped(), 0U);
  }
  channel.CloseWriter();
  reader.join();
  const std::vector<std::string> lines = Lines(text);
  EXPECT_EQ(lines.size(), static_cast<std::size_t>(kThreads * kRecords));
  for (const std::string& line : lines) {
    EXPECT_TRUE(absl::StrContains(line, "Z INFO record n=")) << line;
  }
}

// As they have to be where several processes share a pipe.
TEST(LogTest, EveryWriteIsOfWholeLines) {
  constexpr int kRecords = 50;
  Channel channel = Channel::PacketPipe();
  std::ptrdiff_t lines = 0;
  std::thread reader([&] {
    for (std::string text = channel.ReadOnce(); !text.empty();
         text = channel.ReadOnce()) {
      EXPECT_EQ(text.back(), '\n');
      lines += std::ranges::count(text, '\n');
    }
  });
  {
    Logger logger({.flush_timeout = absl::InfiniteDuration()},
                  channel.writer());
    for (int i = 0; i < kRecords; ++i) {
      logger.Log(LogLevel::kInfo, "filler",
                 {{"padding", std::string(300, 'x')}});
    }
  }
  channel.CloseWriter();
  reader.join();
  EXPECT_EQ(lines, kRecords);
}

TEST(LogTest, ALineThatNoPipeTakesWholeIsWrittenToo) {
  Channel channel = Channel::Pipe();
  const std::string part(kMaxLoggedBytes, 'x');
  {
    Logger logger({}, channel.writer());
    logger.Log(LogLevel::kInfo, "before");
    logger.Log(LogLevel::kInfo, "long",
               {{"a", part}, {"b", part}, {"c", part}});
    logger.Log(LogLevel::kInfo, "after");
  }
  const std::vector<std::string> lines = Lines(channel.Finish());
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_TRUE(absl::EndsWith(lines[0], "before"));
  EXPECT_TRUE(absl::EndsWith(
      lines[1], absl::StrCat("long a=", part, " b=", part, " c=", part)));
  EXPECT_TRUE(absl::EndsWith(lines[2], "after"));
}

TEST(LogTest, ALineAfterALullIsWrittenBeforeTheEnd) {
  Channel channel = Channel::Pipe();
  Logger logger({}, channel.writer());
  for (const char* message : {"one", "two"}) {
    std::this_thread::sleep_for(5 * LineQueue::kGatherTime);
    logger.Log(LogLevel::kInfo, message);
    EXPECT_TRUE(
        absl::EndsWith(channel.ReadUntil("\n"), absl::StrCat(message, "\n")));
  }
}

// In the next three, a caller that the reader can stall, or an end that it
// can, would hang the test.

TEST(LogTest, APipeThatNobodyReadsStallsNobody) {
  Channel channel = Channel::Pipe();
  channel.Fill();
  Logger logger(SmallQueue(), channel.writer());
  LogTooMuch(logger);
}

TEST(LogTest, ASocketThatNobodyReadsStallsNobody) {
  Channel channel = Channel::Socket();
  channel.Fill();
  Logger logger(SmallQueue(), channel.writer());
  LogTooMuch(logger);
}

TEST(LogTest, AWriteThatNeverEndsDoesNotHoldUpTheEnd) {
  // A terminal is ready while it has room for a byte, so with nobody at its
  // other end a write blocks in the middle of a record.
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0) GTEST_SKIP() << "this system has no pseudo-terminals";
  ASSERT_TRUE(grantpt(terminal) == 0 && unlockpt(terminal) == 0);
  const int fd = open(ptsname(terminal), O_WRONLY | O_NOCTTY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  // Eight times what Linux keeps for a terminal.
  constexpr std::size_t kRecords = 512;
  const std::string padding(1000, 'x');
  Logger logger(
      {.queue_records = kRecords, .flush_timeout = absl::Milliseconds(200)},
      fd);
  for (std::size_t i = 0; i < kRecords; ++i) {
    logger.Log(LogLevel::kInfo, "filler", {{"padding", padding}});
  }
  close(fd);
  // `terminal` stays open: to close it would end the write.
}

TEST(LogTest, TheLogTellsHowManyRecordsAreMissing) {
  Channel channel = Channel::Pipe();
  channel.Fill();
  Logger logger(SmallQueue(), channel.writer());
  LogTooMuch(logger);
  // The newest record is among those that were kept.
  std::string text =
      channel.ReadUntil("n=" + std::to_string(kTooMany - 1) + "\n");
  text.erase(0, text.find_first_not_of('#'));
  std::uint64_t missing = 0;
  for (const std::string& line : Lines(text)) {
    const std::vector<std::string> parts =
        absl::StrSplit(line, "Z WARNING log fell behind dropped=");
    if (parts.size() == 2) missing += std::stoull(parts[1]);
  }
  EXPECT_EQ(missing, logger.dropped());
}

TEST(LogTest, AReaderThatWentAwayEndsNobody) {
  Channel channel = Channel::Pipe();
  channel.CloseReader();
  Logger logger(SmallQueue(), channel.writer());
  logger.Log(LogLevel::kInfo, "to nobody");
  while (logger.dropped() == 0) std::this_thread::yield();
  EXPECT_EQ(logger.dropped(), 1U);
}

TEST(LogTest, ADescriptorThatIsNotOpenEndsNobody) {
  Logger logger(SmallQueue(), -1);
  logger.Log(LogLevel::kInfo, "to nowhere");
  while (logger.dropped() == 0) std::this_thread::yield();
  EXPECT_EQ(logger.dropped(), 1U);
}

}  // namespace
}  // namespace gather::ops
