#ifndef GATHER_SERVER_OPS_SPANS_SPAN_QUEUE_H_
#define GATHER_SERVER_OPS_SPANS_SPAN_QUEUE_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "server/async/clock.h"

namespace gather::ops {

// Spans that are sent together.
struct SpanBatch {
  std::string bytes;  // SpanEncoder's, one after the other
  uint64_t spans = 0;
};

// Spans on their way from the loops to the one thread that sends them. Each
// loop has a pile of its own, in one string, so that loops share nothing and a
// span needs no memory of its own. Nobody waits for the thread: what finds its
// pile full is dropped.
class SpanQueue {
 public:
  struct Limits {
    // A pile of so many bytes is taken at once, and not in a while: some 2,000
    // spans.
    std::size_t batch_bytes = std::size_t{512} * 1024;
    // What a pile holds, and the largest batch: half of what a collector takes
    // by default.
    std::size_t most_bytes = std::size_t{2} * 1024 * 1024;
  };

  // `piles` is the number of loops.
  SpanQueue(int piles, const Limits& limits);

  // Pushes so many spans, one after the other. Thread: any, one a pile. False:
  // the pile has no room for all of them.
  bool Push(int pile, std::string_view spans, uint64_t count = 1);

  // Thread: one. Waits until a pile has a batch, or the queue is closed, but no
  // longer than `until`; then takes all that is there, in few batches. None
  // where there is nothing.
  std::vector<SpanBatch> Take(async::Clock::time_point until);

  // Thread: any. No Take() waits from now on, and nothing may be pushed.
  void Close();
  bool closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }

 private:
  struct Pile {
    std::mutex mutex;
    SpanBatch batch;
    bool told = false;  // that it has a batch
  };

  void Wake(bool SpanQueue::* why);

  const Limits limits_;
  std::vector<std::unique_ptr<Pile>> piles_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool full_ = false;  // a pile is, since the last Take(); guarded by mutex_
  bool closed_ = false;
};

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_SPANS_SPAN_QUEUE_H_
