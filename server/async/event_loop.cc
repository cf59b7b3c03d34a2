#include "server/async/event_loop.h"

#include <grpc/support/time.h>

#include <cassert>
#include <chrono>

#include "server/async/clock.h"
#include "server/async/corked_writes.h"

namespace gather::async {

EventLoop::EventLoop(std::unique_ptr<grpc::CompletionQueue> queue)
    : queue_(std::move(queue)) {}

EventLoop::~EventLoop() {
  Shutdown();
  Run();
  poller_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (poller_.Next(&tag, &ok)) {
  }
}

void EventLoop::Run() {
  thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  while (RunOnce()) {
  }
  Uncork();
}

bool EventLoop::RunOnce() {
  // Of the deferred: so many at a time where there is nothing else, as each
  // look at the queue costs a system call; and one in so many steps where there
  // always is something else. A request of three sections takes some seven.
  constexpr int kDeferredWhenIdle = 16;
  constexpr int kStepsPerDeferred = 8;
  void* tag = nullptr;
  bool ok = false;
  if (ready_.empty() && deferred_.empty()) {
    if (!Next(&tag, &ok)) return false;
    Step(static_cast<Completion*>(tag), ok);
    if (corked_) PollInTurn();  // else it has just polled, or will soon
    return true;
  }
  RunReady();
  // What keeps posting must not keep the queue from being served.
  if (Look(&tag, &ok) != grpc::CompletionQueue::GOT_EVENT) {
    RunDeferred(kDeferredWhenIdle);
    return true;
  }
  Step(static_cast<Completion*>(tag), ok);
  PollInTurn();
  if (++steps_since_deferred_ >= kStepsPerDeferred) RunDeferred(1);
  return true;
}

grpc::CompletionQueue::NextStatus EventLoop::Look(void** tag, bool* ok) {
  return queue_->AsyncNext(tag, ok, gpr_time_0(GPR_CLOCK_MONOTONIC));
}

bool EventLoop::NextInPace(void** tag, bool* ok) {
  while (true) {
    switch (Look(tag, ok)) {
      case grpc::CompletionQueue::GOT_EVENT:
        return true;
      case grpc::CompletionQueue::SHUTDOWN:
        return false;
      case grpc::CompletionQueue::TIMEOUT:
        std::this_thread::sleep_for(pace_);
    }
  }
}

bool EventLoop::Next(void** tag, bool* ok) {
  if (pace_ != Clock::duration::zero()) return NextInPace(tag, ok);
  // To look without waiting costs a system call where nothing is there: not
  // after each step while there is little to do.
  constexpr int kWaitsPerLook = 32;
  if (corked_ || ++waits_since_look_ >= kWaitsPerLook) {
    waits_since_look_ = 0;
    if (Look(tag, ok) == grpc::CompletionQueue::GOT_EVENT) {
      Cork();
      ++steps_in_turn_;
      return true;
    }
    Uncork();
  }
  const bool busy = std::exchange(steps_in_turn_, 1) > 1;
  if (!queue_->Next(tag, ok)) return false;
  if (busy) Cork();
  return true;
}

void EventLoop::Cork() {
  if (std::exchange(corked_, true)) return;
  steps_since_flush_ = 0;
  CorkWrites();
}

void EventLoop::Uncork() {
  if (std::exchange(corked_, false)) UncorkWrites();
}

void EventLoop::RunDeferred(int most) {
  // What else comes need not wait for all of them.
  const Clock::time_point end = Clock::now() + std::chrono::milliseconds(1);
  steps_since_deferred_ = 0;
  while (!deferred_.empty()) {
    Step(&deferred_.PopFront(), true);
    if (--most <= 0 || Clock::now() >= end) return;
  }
}

void EventLoop::PollInTurn() {
  // Measured with 10,000 calls at once: with 1 the burst takes twice as long,
  // with 32 connections wait noticeably longer for their handshakes.
  constexpr int kStepsPerPoll = 16;
  if (++steps_since_poll_ < kStepsPerPoll) return;
  steps_since_poll_ = 0;
  void* tag = nullptr;
  bool ok = false;
  (void)poller_.AsyncNext(&tag, &ok, gpr_time_0(GPR_CLOCK_MONOTONIC));
}

void EventLoop::RunReady() {
  running_.TakeAll(ready_);
  while (!running_.empty()) Step(&running_.PopFront(), true);
}

void EventLoop::Step(Completion* completion, bool ok) {
  BeginStep(completion->activity());
  completion->Complete(ok);
  EndStep();
}

void EventLoop::BeginStep(const char* activity) {
  step_count_.store(step_count() + 1, std::memory_order_relaxed);
  set_activity(activity);
}

void EventLoop::EndStep() {
  // Measured with 64 overviews in flight: to wait for more saves nothing.
  constexpr int kStepsPerFlush = 64;
  if (corked_ && ++steps_since_flush_ >= kStepsPerFlush) {
    steps_since_flush_ = 0;
    FlushWrites();
  }
  activity_.store(nullptr, std::memory_order_relaxed);
  step_count_.store(step_count() + 1, std::memory_order_relaxed);
  if (recorder_ != nullptr) recorder_->OnPause();
}

void EventLoop::Post(Completion* completion) {
  if (IsCurrentThread()) {
    ready_.PushBack(*completion);
    return;
  }
  const std::lock_guard lock(posted_mutex_);
  assert(!shutdown_);
  const bool first = posted_.empty();
  posted_.PushBack(*completion);
  // An alarm that is due at once is gRPC's way to put a tag on a queue. It is
  // set again only after its tag is out: setting it earlier crashes.
  if (first) {
    alarm_.Set(queue_.get(), gpr_time_0(GPR_CLOCK_MONOTONIC), wakeup_.tag());
  }
}

void EventLoop::Wakeup::Complete(bool) {
  const std::lock_guard lock(loop_->posted_mutex_);
  loop_->ready_.TakeAll(loop_->posted_);
}

void EventLoop::Shutdown() {
  const std::lock_guard lock(posted_mutex_);
  if (std::exchange(shutdown_, true)) return;
  queue_->Shutdown();
}

}  // namespace gather::async
