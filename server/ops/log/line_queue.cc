#include "server/ops/log/line_queue.h"

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace gather::ops {
namespace {

// What a burst took is given back, but for this.
constexpr std::size_t kKeptBytes = std::size_t{256} * 1024;

}  // namespace

void LineQueue::Push(std::string_view line) {
  {
    const std::lock_guard lock(mutex_);
    while (IsFull(line.size() + 1)) DropOldest();
    text_ += line;
    text_ += '\n';
    ++count_;
    if (!std::exchange(awaited_, false)) return;
  }
  changed_.notify_one();
}

bool LineQueue::Take(std::string& lines) {
  lines.clear();
  if (lines.capacity() > kKeptBytes) lines.shrink_to_fit();

  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kGatherTime, [this] { return closed_; });
  awaited_ = true;
  changed_.wait(lock, [this] { return count_ > 0 || closed_; });
  awaited_ = false;
  text_.erase(0, std::exchange(begin_, 0));
  text_.swap(lines);
  return std::exchange(count_, 0) > 0;
}

void LineQueue::Close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_one();
}

void LineQueue::DropOldest() {
  begin_ = text_.find('\n', begin_) + 1;
  // By halves, so that a dropped line costs no more than a kept one.
  if (begin_ > text_.size() / 2) text_.erase(0, std::exchange(begin_, 0));
  --count_;
  ++dropped_;
}

}  // namespace gather::ops
