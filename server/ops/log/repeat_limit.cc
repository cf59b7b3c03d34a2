#include "server/ops/log/repeat_limit.h"

#include <chrono>
#include <utility>

namespace gather::ops {
namespace {

constexpr std::size_t kMaxKinds = 1024;
constexpr std::chrono::seconds kSecond(1);

}  // namespace

std::optional<uint64_t> RepeatLimit::Pass(const std::string& kind,
                                          async::Clock::time_point now) {
  if (per_second_ == 0) return 0;
  const std::lock_guard lock(mutex_);
  auto found = kinds_.find(kind);
  if (found == kinds_.end()) {
    if (!HasRoom(now)) return 0;
    found = kinds_.emplace(kind, Kind{.since = now}).first;
  }
  Kind& known = found->second;
  if (now - known.since >= kSecond) {
    known.since = now;
    known.passed = 0;
  }
  if (known.passed == per_second_) {
    ++known.held_back;
    return std::nullopt;
  }
  ++known.passed;
  return std::exchange(known.held_back, 0);
}

bool RepeatLimit::HasRoom(async::Clock::time_point now) {
  if (kinds_.size() < kMaxKinds) return true;
  // What has been held back of one that is over is not told any more.
  std::erase_if(kinds_, [now](const auto& each) {
    return now - each.second.since >= kSecond;
  });
  return kinds_.size() < kMaxKinds;
}

}  // namespace gather::ops
