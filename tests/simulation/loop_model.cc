#include "tests/simulation/loop_model.h"

#include <algorithm>
#include <random>

namespace gather::simulation {
namespace {

constexpr Clock::duration kTimerPeriod = std::chrono::milliseconds(10);
// Before a caller asks again.
constexpr Clock::duration kPause = std::chrono::microseconds(100);

}  // namespace

double LoopModel::capacity() const {
  const std::chrono::duration<double> cost =
      options_.accept + options_.replies * options_.reply + options_.finish;
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

void LoopModel::Run(Clock::duration until) {
  SetTimer(until);
  events_.Run();
}

void LoopModel::SetTimer(Clock::duration until) {
  if (events_.elapsed() >= until) {
    timer_due_ = Clock::time_point::max();
    return;
  }
  timer_due_ = events_.now() + kTimerPeriod;
  events_.At(timer_due_,
             [this] { Push({Item::Kind::kTimer, 0, events_.now()}); });
  events_.At(timer_due_, [this, until] { SetTimer(until); });
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
  busy_since_ = events_.now();
  Work();
}

void LoopModel::Work() {
  if (queue_.empty()) {
    busy_ = false;
    return;
  }
  const Item item = queue_.front();
  queue_.pop_front();
  events_.After(Begin(item), [this, item] {
    End(item);
    Work();
  });
}

Clock::duration LoopModel::Begin(const Item& item) {
  switch (item.kind) {
    case Item::Kind::kArrival:
      Accept(requests_[item.request]);
      return requests_[item.request].refused ? options_.refusal
                                             : options_.accept;
    case Item::Kind::kReply:
      return options_.reply;
    case Item::Kind::kFinish:
      return options_.finish;
    case Item::Kind::kTimer:
      timer_lag_ = events_.now() - item.due;
      break;
  }
  return std::chrono::microseconds(1);
}

void LoopModel::Accept(Request& request) {
  --matched_;
  // The place is posted anew, and met at once by the next that waits.
  if (!unmatched_.empty()) {
    ++matched_;
    queue_.push_back({Item::Kind::kArrival, unmatched_.front()});
    unmatched_.pop_front();
  }
  request.refused = !shed_.Admit(
      events_.now(), {.lag = timer_lag_, .busy = events_.now() - busy_since_},
      request.since + request.deadline - events_.now());
}

void LoopModel::CallBackends(std::size_t request) {
  requests_[request].pending = options_.replies;
  for (int i = 0; i < options_.replies; ++i) {
    events_.After(options_.backend.Draw(random_),
                  [this, request] { Push({Item::Kind::kReply, request}); });
  }
}

void LoopModel::End(const Item& item) {
  if (item.kind == Item::Kind::kTimer) return;
  Request& request = requests_[item.request];
  if (item.kind == Item::Kind::kArrival) {
    if (request.refused) {
      AskAgain(request);
    } else {
      CallBackends(item.request);
    }
  } else if (item.kind == Item::Kind::kReply) {
    if (--request.pending > 0) return;
    queue_.push_back({Item::Kind::kFinish, item.request});
  } else {
    request.ended = events_.now();
    AskAgain(request);
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
