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
  return queue_.size();
}

bool BlockingPool::Enqueue(Work* work) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= max_queued_) return false;
    work->place_ = queue_.insert(queue_.end(), work);
  }
  available_.notify_one();
  return true;
}

bool BlockingPool::Remove(Work* work) {
  const std::lock_guard lock(mutex_);
  if (!work->place_) return false;
  queue_.erase(*work->place_);
  work->place_.reset();
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
      work = queue_.front();
      queue_.pop_front();
      work->place_.reset();
    }
    EventLoop& loop = work->loop_;
    work->Execute();
    loop.Post(work);
  }
}

}  // namespace gather::async
