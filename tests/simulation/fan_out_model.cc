#include "tests/simulation/fan_out_model.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/simulation/section_call.h"

namespace gather::simulation {

using fanout::BackendPolicies;
using fanout::CircuitBreaker;

FanOutModel::FanOutModel(std::vector<Script> backends, FanOutOptions options)
    : random_(options.seed), options_(std::move(options)) {
  for (std::size_t i = 0; i < backends.size(); ++i) {
    const auto seed = static_cast<uint32_t>(options_.seed * 31 + i + 1);
    backends_.push_back(std::make_unique<Backend>(
        std::move(backends[i]),
        i < options_.settings.size() ? options_.settings[i]
                                     : fanout::PolicySettings(),
        seed, [this](const auto& change) { CheckTransition(change); }));
  }
}

void FanOutModel::At(Clock::duration when, std::function<void()> action) {
  events_.At(EventQueue::kBegin + when, std::move(action));
}

void FanOutModel::Load(double rate, Clock::duration from,
                       Clock::duration until) {
  if (from >= until) return;
  At(from, [this, rate, until] {
    Arrive(nullptr);
    const std::chrono::duration<double> gap(
        std::exponential_distribution<double>(rate)(random_));
    Load(rate,
         events_.elapsed() + std::chrono::duration_cast<Clock::duration>(gap),
         until);
  });
}

void FanOutModel::Burst(int count, Clock::duration when) {
  At(when, [this, count] {
    for (int i = 0; i < count; ++i) Arrive(nullptr);
  });
}

void FanOutModel::Callers(int count, Clock::duration from,
                          Clock::duration until) {
  for (int i = 0; i < count; ++i) {
    At(from, [this, until] {
      Arrive([this, until] {
        if (events_.elapsed() < until) Callers(1, events_.elapsed(), until);
      });
    });
  }
}

void FanOutModel::Arrive(std::function<void()> then) {
  auto request = std::make_shared<Request>();
  request->record.since = events_.now();
  request->record.sections.resize(backends_.size());
  request->then = std::move(then);
  if (options_.max_inflight > 0 && in_flight_ >= options_.max_inflight) {
    request->record.refused = true;
    records_.push_back(std::move(request->record));
    return;
  }
  ++in_flight_;
  request->pending = backends_.size();
  if (options_.leavers > 0 &&
      std::bernoulli_distribution(options_.leavers)(random_)) {
    request->leaves = events_.now() + options_.leaves_after;
  }
  if (options_.users > 1) {
    request->user = std::uniform_int_distribution(1, options_.users)(random_);
  }
  request->calls.resize(backends_.size());
  if (request->leaves != Clock::time_point::max()) {
    events_.At(request->leaves,
               [this, request] { LeaveAll(request, SectionEnd::kCancelled); });
  }
  if (options_.soft_timeout > Clock::duration::zero()) {
    events_.After(options_.soft_timeout, [this, request] {
      request->soft_timeout_passed = true;
      StopIfGoodEnough(request);
    });
  }
  for (std::size_t i = 0; i < backends_.size(); ++i) {
    StartSection(
        request, i,
        events_.now() + backends_[i]->policies.settings().section_timeout,
        /*again=*/false);
  }
}

void FanOutModel::LeaveAll(const RequestPtr& request, SectionEnd end) {
  for (std::size_t i = 0; i < backends_.size(); ++i) Leave(request, i, end);
}

void FanOutModel::StopIfGoodEnough(const RequestPtr& request) {
  const auto& sections = request->record.sections;
  if (request->soft_timeout_passed &&
      std::count(sections.begin(), sections.end(), SectionEnd::kArrived) > 0) {
    LeaveAll(request, SectionEnd::kSoftTimeout);
  }
}

void FanOutModel::Land(const RequestPtr& request, std::size_t section,
                       SectionEnd end) {
  SectionEnd& landed = request->record.sections[section];
  if (landed != SectionEnd::kPending) Violation("a section that landed twice");
  landed = OrStale(*request, section, end);
  if (--request->pending > 0) {
    if (landed == SectionEnd::kArrived) StopIfGoodEnough(request);
    return;
  }
  --in_flight_;
  request->record.duration = events_.now() - request->record.since;
  records_.push_back(std::move(request->record));
  if (request->then) request->then();
}

SectionEnd FanOutModel::OrStale(const Request& request, std::size_t section,
                                SectionEnd end) {
  const BackendPolicies& policies = backends_[section]->policies;
  fanout::StaleCache* const cache = policies.stale_cache();
  if (cache == nullptr || end == SectionEnd::kCancelled) return end;
  const std::string key = absl::StrCat(request.user);
  if (end == SectionEnd::kArrived) {
    cache->Put(key, key, events_.now());
  } else if (const auto found =
                 cache->Find(key, Clock::duration::max(), events_.now())) {
    if (*found->reply != key) Violation("somebody else's reply");
    if (found->age > policies.settings().stale_answers.max_stale) {
      Violation("a reply that is too old");
    }
    end = SectionEnd::kStale;
  }
  const fanout::StaleAnswerSettings& bounds = policies.settings().stale_answers;
  if (cache->totals().entries > static_cast<std::size_t>(bounds.max_entries)) {
    Violation("more replies than are to be kept");
  }
  return end;
}

void FanOutModel::CheckAdmitted(const SectionCall& call) {
  Backend& backend = *backends_[call.section];
  const fanout::ConcurrencyLimit& limit = backend.policies.limit();
  backend.most_in_flight = std::max(backend.most_in_flight, limit.in_flight());
  if (limit.in_flight() > limit.limit() && !call.permit.probe()) {
    Violation(absl::StrCat(limit.in_flight(), " in flight of ", limit.limit()));
  }
  const CircuitBreaker& breaker = backend.policies.breaker();
  if ((breaker.state() == CircuitBreaker::State::kClosed) ==
      call.permit.probe()) {
    Violation("a call passed that is no probe, or a probe while closed");
  }
}

void FanOutModel::CheckHedged(const SectionCall& call) {
  using State = CircuitBreaker::State;
  const Backend& backend = call.backend;
  const fanout::ConcurrencyLimit& limit = backend.policies.limit();
  if (backend.policies.breaker().state() != State::kClosed) {
    Violation("a hedge while the breaker is not closed");
  }
  if (limit.in_flight() > limit.limit()) Violation("a hedge over the limit");
  const int percent = backend.policies.settings().hedging.budget_percent;
  if (backend.hedges >
      fanout::Hedging::kMostTokens + backend.calls * percent / 100) {
    Violation("hedges past their budget");
  }
}

void FanOutModel::CheckTransition(const CircuitBreaker::Transition& change) {
  using State = CircuitBreaker::State;
  const bool legal =
      (change.from == State::kClosed && change.to == State::kOpen) ||
      (change.from == State::kOpen && change.to == State::kHalfOpen) ||
      (change.from == State::kHalfOpen && change.to != State::kHalfOpen);
  if (!legal) Violation("a transition of the breaker that is not legal");
}

void FanOutModel::Violation(std::string what) {
  if (violations_.size() < 10) violations_.push_back(std::move(what));
}

}  // namespace gather::simulation
