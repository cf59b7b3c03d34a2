#include "tests/simulation/loop_model.h"

#include <algorithm>
#include <random>

namespace gather::simulation {
namespace {

// As the loop has it.
constexpr int kStepsPerDeferred = 8;
// Before a caller asks again.
constexpr Clock::duration kPause = std::chrono::microseconds(100);

}  // namespace

double LoopModel::capacity() const {
  const std::chrono::duration<double> cost = options_.arrival + options_.begin +
                                             options_.replies * options_.reply +
                                             options_.finish;
  return 1 / cost.count();
}

void LoopModel::Load(double share, Clock::duration deadline,
                     Clock::duration from, Clock::duration until) {
  if (from >= until) return;
  events_.At(EventQueue::kBegin + from, [=, this] {
    Arrive(deadline, {});
    const std::chrono::duration<double> gap(
        std::exponential_distribution<double>(share * capacity())(random_));
    Load(share, deadline,
         events_.elapsed() + std::chrono::duration_cast<Clock::duration>(gap),
         until);
  });
}

void LoopModel::Callers(int count, Clock::duration deadline,
                        Clock::duration from, Clock::duration until) {
  events_.At(EventQueue::kBegin + from, [=, this] {
    for (int i = 0; i < count; ++i) Arrive(deadline, until);
  });
}

void LoopModel::Burst(int count, Clock::duration deadline,
                      Clock::duration when) {
  events_.At(EventQueue::kBegin + when, [=, this] {
    for (int i = 0; i < count; ++i) Arrive(deadline, {});
  });
}

void LoopModel::AskAgain(const Request& request) {
  if (events_.elapsed() >= request.again_until) return;
  events_.After(
      kPause, [this, deadline = request.deadline, until = request.again_until] {
        Arrive(deadline, until);
      });
}

void LoopModel::Arrive(Clock::duration deadline, Clock::duration again_until) {
  const std::size_t request = requests_.size();
  requests_.push_back({.since = events_.now(),
                       .deadline = deadline,
                       .again_until = again_until});
  if (options_.posted > 0 && matched_ >= options_.posted) {
    unmatched_.push_back(request);
    return;
  }
  ++matched_;
  Push({Item::Kind::kArrival, request});
}

void LoopModel::Push(const Item& item) {
  queue_.push_back(item);
  if (busy_) return;
  busy_ = true;
  Work();
}

void LoopModel::Work() {
  const bool deferred =
      !deferred_.empty() &&
      (queue_.empty() || steps_since_deferred_ >= kStepsPerDeferred);
  std::deque<Item>& from = deferred ? deferred_ : queue_;
  if (from.empty()) {
    busy_ = false;
    return;
  }
  steps_since_deferred_ = deferred ? 0 : steps_since_deferred_ + 1;
  const Item item = from.front();
  from.pop_front();
  events_.After(Begin(item), [this, item] {
    End(item);
    Work();
  });
}

Clock::duration LoopModel::Begin(const Item& item) {
  Request& request = requests_[item.request];
  const Clock::time_point now = events_.now();
  const Clock::time_point deadline = request.since + request.deadline;
  switch (item.kind) {
    case Item::Kind::kArrival:
      TakeIn(request);
      request.refused = !shed_.Enter(now, deadline);
      return options_.arrival +
             (request.refused ? options_.refusal : Clock::duration());
    case Item::Kind::kBegin:
      request.refused = !shed_.Begin(now, request.taken_in, deadline);
      return request.refused ? options_.refusal : options_.begin;
    case Item::Kind::kReply:
      return options_.reply;
    case Item::Kind::kFinish:
      break;
  }
  return options_.finish;
}

void LoopModel::TakeIn(Request& request) {
  request.taken_in = events_.now();
  --matched_;
  // The place is posted anew, and met at once by the next that waits.
  if (unmatched_.empty()) return;
  ++matched_;
  queue_.push_back({Item::Kind::kArrival, unmatched_.front()});
  unmatched_.pop_front();
}

void LoopModel::CallBackends(std::size_t request) {
  requests_[request].pending = options_.replies;
  for (int i = 0; i < options_.replies; ++i) {
    events_.After(options_.backend.Draw(random_),
                  [this, request] { Push({Item::Kind::kReply, request}); });
  }
}

void LoopModel::End(const Item& item) {
  Request& request = requests_[item.request];
  switch (item.kind) {
    case Item::Kind::kArrival:
      if (request.refused) {
        AskAgain(request);
      } else {
        deferred_.push_back({Item::Kind::kBegin, item.request});
      }
      break;
    case Item::Kind::kBegin:
      if (request.refused) {
        AskAgain(request);
      } else {
        CallBackends(item.request);
      }
      break;
    case Item::Kind::kReply:
      if (--request.pending > 0) return;
      queue_.push_back({Item::Kind::kFinish, item.request});
      break;
    case Item::Kind::kFinish:
      request.ended = events_.now();
      AskAgain(request);
      break;
  }
}

LoopModel::Outcome LoopModel::Of(Clock::duration from,
                                 Clock::duration until) const {
  Outcome outcome;
  for (const Request& request : requests_) {
    const Clock::duration since = request.since - EventQueue::kBegin;
    if (since < from || since >= until) continue;
    ++outcome.requests;
    outcome.refused += request.refused;
    if (request.refused) continue;
    const Clock::duration latency = request.ended - request.since;
    outcome.in_time += latency <= request.deadline;
    outcome.latencies.push_back(latency);
  }
  std::sort(outcome.latencies.begin(), outcome.latencies.end());
  return outcome;
}

}  // namespace gather::simulation
