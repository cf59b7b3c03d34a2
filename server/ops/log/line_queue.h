#ifndef GATHER_SERVER_OPS_LOG_LINE_QUEUE_H_
#define GATHER_SERVER_OPS_LOG_LINE_QUEUE_H_

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace gather::ops {

// Lines on their way from any thread to one that can afford to wait. When there
// are too many the oldest are dropped: nobody waits for that thread.
//
// All lines are in one string. With memory for each, taken by one thread and
// freed by another, threads wait for each other in the allocator, which costs
// more than the line (decisions/0013-own-log-queue.md).
class LineQueue {
 public:
  // Holds so many lines, at least one, and no more than kMaxBytes of them but
  // for a single one that is longer; besides those that were taken last.
  explicit LineQueue(std::size_t max_lines)
      : max_lines_(std::max<std::size_t>(max_lines, 1)) {}

  static constexpr std::size_t kMaxBytes = std::size_t{8} * 1024 * 1024;

  // Any thread. Appends `line`, which has no line end.
  void Push(std::string_view line);

  // One thread only. Waits for lines and puts all of them, each with its line
  // end, in the place of `lines`. False: there are none, and the queue is
  // closed. Takes kGatherTime at least, unless the queue is closed, so that
  // lines come many at a time: to be woken costs more than a line does, and who
  // pushes pays for it.
  bool Take(std::string& lines);

  // Nobody sees that a line is late by this much.
  static constexpr std::chrono::milliseconds kGatherTime{10};

  // Any thread. No Take waits any more. Nothing may be pushed from now on.
  void Close();

  // Any thread. How many lines were dropped.
  std::uint64_t dropped() const { return dropped_; }

 private:
  bool IsFull(std::size_t more) const {
    return count_ == max_lines_ ||
           (count_ > 0 && text_.size() - begin_ + more > kMaxBytes);
  }
  void DropOldest();

  const std::size_t max_lines_;
  std::atomic<std::uint64_t> dropped_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
  std::size_t begin_ = 0;  // of the lines in `text_`; the rest is dropped
  std::size_t count_ = 0;
  bool awaited_ = false;
  bool closed_ = false;
};

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_LOG_LINE_QUEUE_H_
