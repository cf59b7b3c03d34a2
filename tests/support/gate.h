#ifndef GATHER_TESTS_SUPPORT_GATE_H_
#define GATHER_TESTS_SUPPORT_GATE_H_

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace gather::testing {

// How long a test waits for what must come: no measure of speed, but what keeps
// a failure from hanging, also on a busy machine and under a sanitizer.
inline constexpr std::chrono::seconds kPatience(30);

// Events that one side counts and the other awaits.
//
//   ASSERT_TRUE(backend.calls().WaitFor(1));
//
// Thread: any.
class EventCounter {
 public:
  void Add() {
    const std::lock_guard lock(mutex_);
    ++count_;
    added_.notify_all();
  }

  int count() const {
    const std::lock_guard lock(mutex_);
    return count_;
  }

  // False, with words, where fewer than `n` came while patience lasted.
  [[nodiscard]] ::testing::AssertionResult WaitFor(int n) const {
    std::unique_lock lock(mutex_);
    if (added_.wait_for(lock, kPatience, [&] { return count_ >= n; })) {
      return ::testing::AssertionSuccess();
    }
    return ::testing::AssertionFailure()
           << "waited for " << n << " events, saw " << count_;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable added_;
  int count_ = 0;
};

// Closed until it is opened, once and for all. Holds back what a test wants to
// find in flight, with no thread waiting for it.
//
//   Gate gate;
//   backend.SetScript({AnswerRight(&gate)});
//   ...                    // the call is in flight
//   gate.Open();
//
// Thread: any. Lifetime: outlives those who may still come to it; opens when it
// goes, so that a test that gives up leaves nothing held.
class Gate {
 public:
  Gate() = default;
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  ~Gate() { Open(); }

  // Runs all that is held, on the calling thread.
  void Open() {
    std::vector<std::function<void()>> held;
    {
      const std::lock_guard lock(mutex_);
      open_ = true;
      held.swap(held_);
      opened_.notify_all();
    }
    for (const auto& action : held) action();
  }

  // Runs `action` once the gate is open: at once where it is.
  void WhenOpen(std::function<void()> action) {
    {
      const std::lock_guard lock(mutex_);
      if (!open_) {
        held_.push_back(std::move(action));
        return;
      }
    }
    action();
  }

  // False, with words, where nobody opened it while patience lasted.
  [[nodiscard]] ::testing::AssertionResult Wait() const {
    std::unique_lock lock(mutex_);
    if (opened_.wait_for(lock, kPatience, [&] { return open_; })) {
      return ::testing::AssertionSuccess();
    }
    return ::testing::AssertionFailure() << "the gate stayed closed";
  }

  // Whether it opens within `time`: to see that something does not happen.
  bool OpensWithin(std::chrono::milliseconds time) const {
    std::unique_lock lock(mutex_);
    return opened_.wait_for(lock, time, [&] { return open_; });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable opened_;
  bool open_ = false;
  std::vector<std::function<void()>> held_;
};

}  // namespace gather::testing

#endif  // GATHER_TESTS_SUPPORT_GATE_H_
