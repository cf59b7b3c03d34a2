#include "server/ops/spans/span_queue.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/gate.h"

namespace gather::ops {
namespace {

// Long ago: nothing is waited for.
const async::Clock::time_point kNow{};

async::Clock::time_point Late() {
  return async::Clock::now() + testing::kPatience;
}

TEST(SpanQueueTest, WhatIsThereIsTakenWhenItsTimeIsUp) {
  SpanQueue queue(1, {.batch_bytes = 100, .most_bytes = 1000});
  EXPECT_TRUE(queue.Take(kNow).empty());
  EXPECT_TRUE(queue.Push(0, "one"));
  EXPECT_TRUE(queue.Push(0, "two"));
  const std::vector<SpanBatch> batches = queue.Take(kNow);
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_EQ(batches[0].bytes, "onetwo");
  EXPECT_EQ(batches[0].spans, 2U);
  EXPECT_TRUE(queue.Take(kNow).empty());
}

TEST(SpanQueueTest, ABatchIsTakenBeforeItsTimeIsUp) {
  SpanQueue queue(1, {.batch_bytes = 6, .most_bytes = 1000});
  EXPECT_TRUE(queue.Push(0, "one"));
  testing::Gate taken;
  std::vector<SpanBatch> batches;
  std::jthread taker([&] {
    batches = queue.Take(Late() + testing::kPatience);
    taken.Open();
  });
  EXPECT_TRUE(queue.Push(0, "two"));
  ASSERT_TRUE(taken.Wait());
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_EQ(batches[0].spans, 2U);
}

TEST(SpanQueueTest, EachBatchWakesTheTaker) {
  SpanQueue queue(1, {.batch_bytes = 1, .most_bytes = 1000});
  for (int i = 0; i < 3; ++i) {
    const async::Clock::time_point late = Late();
    EXPECT_TRUE(queue.Push(0, "one"));
    EXPECT_EQ(queue.Take(late).size(), 1U);
    EXPECT_LT(async::Clock::now(), late);
  }
}

TEST(SpanQueueTest, WhatAFullPileHasNoRoomForIsRefused) {
  SpanQueue queue(2, {.batch_bytes = 100, .most_bytes = 6});
  EXPECT_TRUE(queue.Push(0, "one"));
  EXPECT_TRUE(queue.Push(0, "two"));
  EXPECT_FALSE(queue.Push(0, "3"));
  EXPECT_TRUE(queue.Push(1, "others")) << "a pile is full by itself";
  const std::vector<SpanBatch> batches = queue.Take(kNow);
  ASSERT_EQ(batches.size(), 2U);
  EXPECT_EQ(batches[0].bytes, "onetwo");
  EXPECT_TRUE(queue.Push(0, "3")) << "there is room again";
}

TEST(SpanQueueTest, PilesAreOneBatchWhereTheyFit) {
  SpanQueue queue(3, {.batch_bytes = 100, .most_bytes = 8});
  EXPECT_TRUE(queue.Push(0, "one"));
  EXPECT_TRUE(queue.Push(1, "two"));
  EXPECT_TRUE(queue.Push(2, "three"));
  const std::vector<SpanBatch> batches = queue.Take(kNow);
  ASSERT_EQ(batches.size(), 2U);
  EXPECT_EQ(batches[0].bytes, "onetwo");
  EXPECT_EQ(batches[0].spans, 2U);
  EXPECT_EQ(batches[1].bytes, "three");
}

TEST(SpanQueueTest, NobodyWaitsForAClosedOne) {
  SpanQueue queue(1, {});
  EXPECT_TRUE(queue.Push(0, "one"));
  EXPECT_FALSE(queue.closed());
  const async::Clock::time_point late = Late();
  queue.Close();
  EXPECT_TRUE(queue.closed());
  EXPECT_EQ(queue.Take(late).size(), 1U);
  EXPECT_TRUE(queue.Take(late).empty());
  EXPECT_LT(async::Clock::now(), late);
}

}  // namespace
}  // namespace gather::ops
