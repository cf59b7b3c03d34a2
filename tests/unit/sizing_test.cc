#include "server/ops/container/sizing.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>

namespace gather::ops {
namespace {

constexpr int64_t kMb = 1 << 20;

Resources With(int cores, std::optional<double> cpus,
               std::optional<int64_t> memory_mb) {
  Resources resources{.cores = cores, .cgroup = {}};
  resources.cgroup.cpus = cpus;
  if (memory_mb) resources.cgroup.memory_bytes = *memory_mb * kMb;
  return resources;
}

TEST(SizingTest, OneLoopACoreThatThereIsTimeFor) {
  const auto loops = [](int cores, std::optional<double> cpus) {
    return SizeEventLoops(With(cores, cpus, std::nullopt)).value;
  };
  EXPECT_EQ(loops(8, std::nullopt), 8);
  EXPECT_EQ(loops(8, 0.25), 1);
  EXPECT_EQ(loops(8, 1.0), 1);
  EXPECT_EQ(loops(8, 1.5), 2);
  EXPECT_EQ(loops(2, 6.0), 2);
}

TEST(SizingTest, SaysWhatItFollowsFrom) {
  EXPECT_EQ(SizeEventLoops(With(8, 0.25, {})).from, "CPU quota of 0.25");
  EXPECT_EQ(SizeEventLoops(With(8, {}, {})).from, "8 cores");
  EXPECT_EQ(SizeMaxInflight(With(8, {}, 100), 20000).from,
            "memory limit of 100 MB");
  EXPECT_EQ(SizeMaxInflight(With(8, {}, {}), 20000).from, "default");
}

// Else the kernel ends the process.
TEST(SizingTest, AllTogetherFitIntoTheMemory) {
  for (const int64_t memory : {100, 256, 500, 1000, 2000}) {
    const Resources resources = With(2, {}, memory);
    const int64_t inflight = SizeMaxInflight(resources, 20000).value;
    const int64_t quota = SizeMemoryQuotaMb(resources, 1024).value;
    EXPECT_LE(32 + quota + inflight / 16, memory);
    EXPECT_GE(32 + quota + inflight / 16, memory * 8 / 10);
  }
}

TEST(SizingTest, WhereThereIsRoomNothingChanges) {
  for (const std::optional<int64_t> memory :
       {std::optional<int64_t>(), std::optional<int64_t>(4000)}) {
    const Resources resources = With(2, {}, memory);
    EXPECT_EQ(SizeMaxInflight(resources, 20000).value, 20000);
    EXPECT_EQ(SizeMaxInflight(resources, 0).value, 0);  // no limit
    EXPECT_EQ(SizeMemoryQuotaMb(resources, 1024).value, 1024);
  }
}

TEST(SizingTest, NoLimitBecomesOneWhereMemoryIsLimited) {
  const Resources resources = With(2, {}, 100);
  EXPECT_EQ(SizeMaxInflight(resources, 0).value,
            SizeMaxInflight(resources, 20000).value);
}

TEST(SizingTest, TinyContainersHaveSomethingToServeWith) {
  const Resources resources = With(1, {}, 16);
  EXPECT_GE(SizeMaxInflight(resources, 20000).value, 1);
  EXPECT_EQ(SizeMemoryQuotaMb(resources, 1024).value, 16);
}

}  // namespace
}  // namespace gather::ops
