#include "server/ops/spans/span_queue.h"

#include <cstddef>
#include <utility>

namespace gather::ops {
namespace {

constexpr std::size_t kUsualSpan = 1024;  // in bytes, at most

}  // namespace

SpanQueue::SpanQueue(int piles, const Limits& limits) : limits_(limits) {
  for (int i = 0; i < piles; ++i) piles_.push_back(std::make_unique<Pile>());
}

bool SpanQueue::Push(int pile, std::string_view spans, uint64_t count) {
  Pile& mine = *piles_[static_cast<std::size_t>(pile)];
  {
    const std::lock_guard lock(mine.mutex);
    std::string& bytes = mine.batch.bytes;
    if (bytes.size() + spans.size() > limits_.most_bytes) return false;
    bytes += spans;
    mine.batch.spans += count;
    if (bytes.size() < limits_.batch_bytes) return true;
    if (std::exchange(mine.told, true)) return true;
  }
  Wake(&SpanQueue::full_);
  return true;
}

std::vector<SpanBatch> SpanQueue::Take(async::Clock::time_point until) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, until, [this] { return full_ || closed_; });
    full_ = false;
  }
  std::vector<SpanBatch> batches;
  for (const auto& pile : piles_) {
    {
      const std::lock_guard lock(pile->mutex);
      if (pile->batch.spans == 0) continue;
    }
    // Room for the next one: no loop is to wait while it grows.
    SpanBatch taken;
    taken.bytes.reserve(limits_.batch_bytes + kUsualSpan);
    {
      const std::lock_guard lock(pile->mutex);
      std::swap(taken, pile->batch);
      pile->told = false;
    }
    if (!batches.empty() && batches.back().bytes.size() + taken.bytes.size() <=
                                limits_.most_bytes) {
      batches.back().bytes += taken.bytes;
      batches.back().spans += taken.spans;
    } else {
      batches.push_back(std::move(taken));
    }
  }
  return batches;
}

void SpanQueue::Close() { Wake(&SpanQueue::closed_); }

void SpanQueue::Wake(bool SpanQueue::* why) {
  {
    const std::lock_guard lock(mutex_);
    this->*why = true;
  }
  changed_.notify_one();
}

}  // namespace gather::ops
