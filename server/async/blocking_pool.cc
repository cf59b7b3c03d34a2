#include "server/async/blocking_pool.h"

#include <cassert>

namespace gather::async {

BlockingPool::BlockingPool(Options options) : max_queued_(options.max_queued) {
  threads_.reserve(options.threads);
  for (std::size_t i = 0; i < options.threads; ++i) {
    threads_.emplace_back([this](std::stop_token stop) { ServeQueue(stop); });
  }
}

BlockingPool::~BlockingPool() {
  threads_.clear();  // asks each to stop, and joins it
  assert(queue_.empty());
}

std::size_t BlockingPool::queued() const {
  const std::lock_guard lock(mutex_);
  return queued_;
}

bool BlockingPool::Enqueue(Work* work) {
  {
    const std::lock_guard lock(mutex_);
    if (queued_ >= max_queued_) return false;
    queue_.PushBack(*work);
    work->queued_ = true;
    ++queued_;
  }
  available_.notify_one();
  return true;
}

bool BlockingPool::Remove(Work* work) {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(work->queued_, false)) return false;
  work->Unlink();
  --queued_;
  return true;
}

void BlockingPool::ServeQueue(std::stop_token stop) {
  while (true) {
    Work* work = nullptr;
    {
      std::unique_lock lock(mutex_);
      if (!available_.wait(lock, stop, [this] { return !queue_.empty(); })) {
        return;
      }
      work = &queue_.PopFront();
      work->queued_ = false;
      --queued_;
    }
    EventLoop& loop = work->loop_;
    work->Execute();
    loop.Post(work);
  }
}

}  // namespace gather::async
