#include "server/fanout/policy/stall_detector.h"

#include <algorithm>
#include <cmath>

namespace gather::fanout {
namespace {

using async::Clock;

// Of the time between two calls, what counts as silence.
constexpr Clock::duration kLongestGap = std::chrono::milliseconds(100);
// How many answers the mean latency is over.
constexpr int kMeanOver = 100;

}  // namespace

StallDetector::Silence StallDetector::Begin(Clock::time_point now) {
  const Silence silence = silence_.load(std::memory_order_relaxed);
  AddQuiet(now, waiting_.fetch_add(1, std::memory_order_relaxed) <= 0);
  return silence;
}

void StallDetector::Pass(Clock::time_point now) {
  AddQuiet(now, waiting_.load(std::memory_order_relaxed) <= 0);
}

void StallDetector::AddQuiet(Clock::time_point now, bool is_first) {
  const int64_t ticks = now.time_since_epoch().count();
  const int64_t last = last_begin_.exchange(ticks, std::memory_order_relaxed);
  if (is_first) {
    quiet_.store(0, std::memory_order_relaxed);
    return;
  }
  const int64_t gap = std::clamp<int64_t>(ticks - last, 0, kLongestGap.count());
  quiet_.fetch_add(gap, std::memory_order_relaxed);
}

bool StallDetector::stalled() const {
  const int waiting = waiting_.load(std::memory_order_relaxed);
  if (waiting < settings_.calls) return false;
  Clock::duration patience = Patience();
  if (waiting >= settings_.crowd && mean_latency() == Clock::duration::zero()) {
    patience = settings_.at_least;
  }
  return quiet_.load(std::memory_order_relaxed) > patience.count();
}

void StallDetector::EndSilence() {
  silence_.fetch_add(1, std::memory_order_relaxed);
  waiting_.store(0, std::memory_order_relaxed);
  quiet_.store(0, std::memory_order_relaxed);
}

void StallDetector::Answered(Clock::duration latency) {
  EndSilence();
  const int64_t mean = mean_.load(std::memory_order_relaxed);
  int answers = answers_.load(std::memory_order_relaxed);
  if (answers < kMeanOver) {
    answers_.store(++answers, std::memory_order_relaxed);
  }
  // Two threads at a time lose one of two samples: the mean is one of many.
  const int64_t next = mean + (latency.count() - mean) / answers;
  mean_.store(std::max<int64_t>(next, 1), std::memory_order_relaxed);
}

void StallDetector::Unanswered(Silence begun_in) {
  if (begun_in != silence_.load(std::memory_order_relaxed)) return;
  waiting_.fetch_sub(1, std::memory_order_relaxed);
}

void StallDetector::Restart(Clock::duration latency) {
  EndSilence();
  if (answers_.load(std::memory_order_relaxed) == 0) {
    answers_.store(1, std::memory_order_relaxed);
  }
  if (latency > mean_latency()) {
    mean_.store(latency.count(), std::memory_order_relaxed);
  }
}

Clock::duration StallDetector::Patience() const {
  const int64_t mean = mean_.load(std::memory_order_relaxed);
  if (mean == 0) return settings_.unknown;
  const auto scaled =
      static_cast<int64_t>(settings_.factor * static_cast<double>(mean));
  return std::max(settings_.at_least, Clock::duration(scaled));
}

Clock::duration StallDetector::FairWait() const {
  return std::min(Patience(), settings_.unknown);
}

}  // namespace gather::fanout
