#include "server/ops/container/cgroup.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace gather::ops {
namespace {

namespace fs = std::filesystem;

// A file system of the test's own, as far as cgroups go.
class CgroupTest : public ::testing::Test {
 protected:
  CgroupTest() {
    std::string name = fs::temp_directory_path() / "gather-cgroup-XXXXXX";
    root_ = mkdtemp(name.data());
  }
  ~CgroupTest() override { fs::remove_all(root_); }

  void Write(const std::string& path, const std::string& text) {
    const fs::path file = root_ / path;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }

  // v2 alone, as on a machine of today.
  void MountV2(const std::string& group, const std::string& mount_root = "/") {
    Write("proc/self/cgroup", "0::" + group + "\n");
    Write("proc/self/mountinfo",
          "22 28 0:20 / /proc rw,nosuid - proc proc rw\n"
          "30 24 0:26 " +
              mount_root +
              " /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n");
  }

  // v1, as Docker shows it to a container without a namespace of cgroups.
  void MountV1(const std::string& group, const std::string& mount_root) {
    Write("proc/self/cgroup", "9:memory:" + group + "\n4:cpu,cpuacct:" + group +
                                  "\n1:name=systemd:" + group + "\n");
    Write("proc/self/mountinfo",
          "40 30 0:30 " + mount_root +
              " /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n"
              "41 30 0:31 " +
              mount_root +
              " /sys/fs/cgroup/memory ro master:9 - cgroup cgroup rw,memory\n");
  }

  fs::path root_;
};

constexpr int64_t kMb = 1 << 20;

TEST_F(CgroupTest, LimitsOfVersion2) {
  MountV2("/");
  Write("sys/fs/cgroup/cpu.max", "25000 100000\n");
  Write("sys/fs/cgroup/memory.max", "104857600\n");
  const CgroupLimits limits = ReadCgroupLimits(root_);
  EXPECT_EQ(limits.cpus, 0.25);
  EXPECT_EQ(limits.memory_bytes, 100 * kMb);
}

TEST_F(CgroupTest, MaxIsNoLimit) {
  MountV2("/a");
  Write("sys/fs/cgroup/a/cpu.max", "max 100000\n");
  Write("sys/fs/cgroup/a/memory.max", "max\n");
  const CgroupLimits limits = ReadCgroupLimits(root_);
  EXPECT_EQ(limits.cpus, std::nullopt);
  EXPECT_EQ(limits.memory_bytes, std::nullopt);
}

TEST_F(CgroupTest, TightestOfTheGroupsAroundCounts) {
  MountV2("/pod/container/task");
  Write("sys/fs/cgroup/cpu.max", "400000 100000\n");
  Write("sys/fs/cgroup/pod/cpu.max", "150000 100000\n");
  Write("sys/fs/cgroup/pod/memory.max", "1073741824\n");
  Write("sys/fs/cgroup/pod/container/cpu.max", "max 100000\n");
  Write("sys/fs/cgroup/pod/container/memory.max", "268435456\n");
  Write("sys/fs/cgroup/pod/container/task/cpu.max", "200000 100000\n");
  Write("sys/fs/cgroup/pod/container/task/memory.max", "max\n");
  const CgroupLimits limits = ReadCgroupLimits(root_);
  EXPECT_EQ(limits.cpus, 1.5);
  EXPECT_EQ(limits.memory_bytes, 256 * kMb);
}

TEST_F(CgroupTest, GroupThatTheMountBeginsAt) {
  MountV2("/docker/4f2a/inner", "/docker/4f2a");
  Write("sys/fs/cgroup/inner/memory.max", "max\n");
  Write("sys/fs/cgroup/memory.max", "67108864\n");
  EXPECT_EQ(ReadCgroupLimits(root_).memory_bytes, 64 * kMb);
}

TEST_F(CgroupTest, GroupOutsideOfTheNamespaceHasTheMountsLimits) {
  MountV2("/../other");
  Write("sys/fs/cgroup/memory.max", "67108864\n");
  Write("sys/fs/other/memory.max", "1048576\n");
  EXPECT_EQ(ReadCgroupLimits(root_).memory_bytes, 64 * kMb);
}

TEST_F(CgroupTest, LimitsOfVersion1) {
  MountV1("/docker/4f2a", "/docker/4f2a");
  Write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "50000\n");
  Write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "104857600\n");
  const CgroupLimits limits = ReadCgroupLimits(root_);
  EXPECT_EQ(limits.cpus, 0.5);
  EXPECT_EQ(limits.memory_bytes, 100 * kMb);
}

TEST_F(CgroupTest, Version1HasNumbersForNoLimit) {
  MountV1("/", "/");
  Write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  Write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  const CgroupLimits limits = ReadCgroupLimits(root_);
  EXPECT_EQ(limits.cpus, std::nullopt);
  EXPECT_EQ(limits.memory_bytes, std::nullopt);
}

TEST_F(CgroupTest, OfTwoVersionsSideBySideTheOneWithTheController) {
  Write("proc/self/cgroup", "0::/unit\n9:memory:/unit\n");
  Write("proc/self/mountinfo",
        "41 30 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        "42 30 0:32 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  Write("sys/fs/cgroup/memory/unit/memory.limit_in_bytes", "33554432\n");
  Write("sys/fs/cgroup/unified/unit/memory.max", "1048576\n");
  Write("sys/fs/cgroup/unified/unit/cpu.max", "300000 100000\n");
  const CgroupLimits limits = ReadCgroupLimits(root_);
  EXPECT_EQ(limits.memory_bytes, 32 * kMb);
  EXPECT_EQ(limits.cpus, 3);
}

TEST_F(CgroupTest, WhatCanNotBeReadIsNoLimit) {
  CgroupLimits limits = ReadCgroupLimits(root_);  // nothing is there
  EXPECT_EQ(limits.cpus, std::nullopt);
  EXPECT_EQ(limits.memory_bytes, std::nullopt);

  MountV2("/gone");
  Write("sys/fs/cgroup/cpu.max", "garbage\n");
  Write("sys/fs/cgroup/memory.max", "");
  limits = ReadCgroupLimits(root_);
  EXPECT_EQ(limits.cpus, std::nullopt);
  EXPECT_EQ(limits.memory_bytes, std::nullopt);

  Write("proc/self/cgroup", "garbage\n:\n");
  Write("proc/self/mountinfo", "garbage\n - \n1 2 3 - cgroup2\n");
  EXPECT_EQ(ReadCgroupLimits(root_).memory_bytes, std::nullopt);
}

}  // namespace
}  // namespace gather::ops
