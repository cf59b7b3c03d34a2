#include "server/ops/log/line_queue.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <future>
#include <string>

namespace gather::ops {
namespace {

constexpr std::size_t kMany = 1000;

TEST(LineQueueTest, LinesAreTakenTogetherAndInTheirOrder) {
  LineQueue queue(kMany);
  queue.Push("one");
  queue.Push("");
  queue.Push("three");
  std::string lines = "what is left of the last ones";
  EXPECT_TRUE(queue.Take(lines));
  EXPECT_EQ(lines, "one\n\nthree\n");
  EXPECT_EQ(queue.dropped(), 0U);
}

TEST(LineQueueTest, WhatIsLeftIsTakenAfterTheEnd) {
  LineQueue queue(kMany);
  queue.Push("last");
  queue.Close();
  std::string lines;
  EXPECT_TRUE(queue.Take(lines));
  EXPECT_EQ(lines, "last\n");
  EXPECT_FALSE(queue.Take(lines));
  EXPECT_EQ(lines, "");
}

TEST(LineQueueTest, TheOldestAreDroppedAndCounted) {
  constexpr std::size_t kHeld = 3;
  LineQueue queue(kHeld);
  std::string lines;
  // The second time tells that the queue has its room again.
  for (std::size_t round = 1; round <= 2; ++round) {
    for (std::size_t i = 0; i < kMany; ++i) {
      queue.Push("line " + std::to_string(i));
    }
    EXPECT_TRUE(queue.Take(lines));
    EXPECT_EQ(lines, "line 997\nline 998\nline 999\n");
    EXPECT_EQ(queue.dropped(), round * (kMany - kHeld));
  }
}

TEST(LineQueueTest, NoMoreBytesAreHeldThanItSays) {
  LineQueue queue(kMany);
  const std::string line(LineQueue::kMaxBytes / 10, 'x');
  for (std::size_t i = 0; i < kMany; ++i) queue.Push(line);
  std::string lines;
  EXPECT_TRUE(queue.Take(lines));
  EXPECT_LE(lines.size(), LineQueue::kMaxBytes);
  EXPECT_EQ(lines.size(), (kMany - queue.dropped()) * (line.size() + 1));
  queue.Push(std::string(LineQueue::kMaxBytes, 'y'));
  EXPECT_TRUE(queue.Take(lines));
  EXPECT_EQ(lines.size(), LineQueue::kMaxBytes + 1) << "one is always held";
}

TEST(LineQueueTest, AQueueForNothingHoldsALine) {
  LineQueue queue(0);
  queue.Push("one");
  queue.Push("two");
  std::string lines;
  EXPECT_TRUE(queue.Take(lines));
  EXPECT_EQ(lines, "two\n");
  EXPECT_EQ(queue.dropped(), 1U);
}

TEST(LineQueueTest, WhoTakesWaitsForALineOrTheEnd) {
  LineQueue queue(kMany);
  std::string lines;
  const auto take = [&] { return queue.Take(lines); };
  // Until it waits for a line, and no more for others to come with it.
  constexpr auto kLong = 10 * LineQueue::kGatherTime;

  std::future<bool> taken = std::async(std::launch::async, take);
  EXPECT_EQ(taken.wait_for(kLong), std::future_status::timeout);
  queue.Push("first");
  EXPECT_TRUE(taken.get());
  EXPECT_EQ(lines, "first\n");

  taken = std::async(std::launch::async, take);
  EXPECT_EQ(taken.wait_for(kLong), std::future_status::timeout);
  queue.Close();
  EXPECT_FALSE(taken.get());
}

}  // namespace
}  // namespace gather::ops
