#include "server/ops/container/cgroup.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace gather::ops {
namespace {

namespace fs = std::filesystem;

// What v1 says in place of "max": the largest number of pages.
constexpr int64_t kNoMemoryLimit = int64_t{1} << 60;

// The cgroups that have the say over one kind of resource, from the process's
// own up to the top of what is mounted.
struct Groups {
  bool v2 = false;
  std::vector<fs::path> directories;
};

std::vector<std::string> ReadLines(const fs::path& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

bool HasWord(std::string_view list, std::string_view word) {
  return absl::c_linear_search(
      std::vector<std::string>(absl::StrSplit(std::string(list), ',')), word);
}

// A line of /proc/self/mountinfo that mounts a hierarchy of cgroups:
// "30 25 0:26 /in/the/hierarchy /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu".
struct Mount {
  bool v2 = false;
  std::string root;   // the group that stands at `point`
  std::string point;  // where it is mounted
  std::string options;
};

std::vector<Mount> ReadMounts(const fs::path& root) {
  std::vector<Mount> mounts;
  for (const std::string& line : ReadLines(root / "proc/self/mountinfo")) {
    const std::vector<std::string> halves = absl::StrSplit(line, " - ");
    if (halves.size() != 2) continue;
    const std::vector<std::string> mount = absl::StrSplit(halves[0], ' ');
    const std::vector<std::string> kind = absl::StrSplit(halves[1], ' ');
    if (mount.size() < 5 || kind.size() < 3) continue;
    if (kind[0] != "cgroup" && kind[0] != "cgroup2") continue;
    mounts.push_back({.v2 = kind[0] == "cgroup2",
                      .root = mount[3],
                      .point = mount[4],
                      .options = kind[2]});
  }
  return mounts;
}

// A group's directories, and those of the groups around it that are below the
// mount.
std::vector<fs::path> DirectoriesOf(const fs::path& root, const Mount& mount,
                                    std::string_view group) {
  const fs::path top = root / fs::path(mount.point).relative_path();
  // A container without a namespace of cgroups is told its path on the host,
  // and sees its own group at the top.
  const std::size_t end = mount.root.size();
  if (mount.root != "/" && group.substr(0, end) == mount.root &&
      (group.size() == end || group[end] == '/')) {
    group.remove_prefix(mount.root.size());
  }
  std::vector<fs::path> directories;
  fs::path below = fs::path(group).relative_path().lexically_normal();
  for (; !below.empty() && *below.begin() != ".." && below != ".";
       below = below.parent_path()) {
    directories.push_back(top / below);
  }
  directories.push_back(top);
  return directories;
}

// By /proc/self/cgroup, whose lines are "ID:CONTROLLERS:GROUP", of v2
// "0::GROUP". A controller is v1's where that has it.
Groups GroupsOf(const fs::path& root, std::string_view controller) {
  Groups groups;
  const std::vector<Mount> mounts = ReadMounts(root);
  for (const std::string& line : ReadLines(root / "proc/self/cgroup")) {
    const std::vector<std::string> fields =
        absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (fields.size() != 3) continue;
    const bool v2 = fields[1].empty();
    if (!v2 && !HasWord(fields[1], controller)) continue;
    if (v2 && !groups.directories.empty()) continue;
    for (const Mount& mount : mounts) {
      if (mount.v2 != v2 || (!v2 && !HasWord(mount.options, controller))) {
        continue;
      }
      groups = {.v2 = v2, .directories = DirectoriesOf(root, mount, fields[2])};
      break;
    }
  }
  return groups;
}

std::optional<int64_t> NumberIn(std::string_view text) {
  int64_t number = 0;
  if (!absl::SimpleAtoi(std::string(text), &number)) return std::nullopt;
  return number;
}

std::optional<int64_t> ReadNumber(const fs::path& path) {
  const std::vector<std::string> lines = ReadLines(path);
  return lines.empty() ? std::nullopt : NumberIn(lines.front());
}

std::optional<double> Share(std::optional<int64_t> quota,
                            std::optional<int64_t> period) {
  // v1 has a quota of -1 for none.
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

std::optional<double> CpusOf(bool v2, const fs::path& directory) {
  if (!v2) {
    return Share(ReadNumber(directory / "cpu.cfs_quota_us"),
                 ReadNumber(directory / "cpu.cfs_period_us"));
  }
  const std::vector<std::string> lines = ReadLines(directory / "cpu.max");
  if (lines.empty()) return std::nullopt;
  const std::vector<std::string> words = absl::StrSplit(lines.front(), ' ');
  if (words.size() != 2) return std::nullopt;  // "max 100000": no number
  return Share(NumberIn(words[0]), NumberIn(words[1]));
}

std::optional<int64_t> MemoryOf(bool v2, const fs::path& directory) {
  const std::optional<int64_t> limit =
      ReadNumber(directory / (v2 ? "memory.max" : "memory.limit_in_bytes"));
  if (!limit || *limit <= 0 || *limit >= kNoMemoryLimit) return std::nullopt;
  return limit;
}

template <typename T>
std::optional<T> Tightest(const Groups& groups,
                          std::optional<T> (*limit_of)(bool, const fs::path&)) {
  std::optional<T> tightest;
  for (const fs::path& directory : groups.directories) {
    const std::optional<T> limit = limit_of(groups.v2, directory);
    if (limit) tightest = std::min(tightest.value_or(*limit), *limit);
  }
  return tightest;
}

}  // namespace

CgroupLimits ReadCgroupLimits(const fs::path& root) {
  return {
      .cpus = Tightest<double>(GroupsOf(root, "cpu"), CpusOf),
      .memory_bytes = Tightest<int64_t>(GroupsOf(root, "memory"), MemoryOf)};
}

}  // namespace gather::ops
