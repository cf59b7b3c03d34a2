#include "tests/simulation/fan_out_model.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gather::simulation {

using fanout::BackendPolicies;
using fanout::CallResult;
using fanout::CircuitBreaker;

struct FanOutModel::Request {
  RequestRecord record;
  std::size_t pending = 0;
  Clock::time_point leaves = Clock::time_point::max();
  int user = 0;
  std::function<void()> then;  // may be null
};

struct FanOutModel::SectionCall {
  SectionCall(std::shared_ptr<Request> for_request, std::size_t index,
              Backend& called, BackendPolicies::Permit granted,
              Clock::time_point until)
      : request(std::move(for_request)),
        section(index),
        backend(called),
        permit(std::move(granted)),
        deadline(until),
        retry(called.policies.settings().retry, called.policies.retry_budget(),
              until) {}

  std::shared_ptr<Request> request;
  std::size_t section;
  Backend& backend;
  BackendPolicies::Permit permit;
  Clock::time_point deadline;
  rpc::Retry retry;
};

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
  for (std::size_t i = 0; i < backends_.size(); ++i) StartSection(request, i);
}

void FanOutModel::StartSection(const std::shared_ptr<Request>& request,
                               std::size_t section) {
  Backend& backend = *backends_[section];
  BackendPolicies::Permit permit = backend.policies.Enter(events_.now());
  if (!permit) {
    const bool by_limit =
        permit.refusal() == BackendPolicies::Refusal::kConcurrencyLimit;
    Land(
        request, section,
        by_limit ? SectionEnd::kRefusedByLimit : SectionEnd::kRefusedByBreaker);
    return;
  }
  const auto call = std::make_shared<SectionCall>(
      request, section, backend, std::move(permit),
      events_.now() + backend.policies.settings().section_timeout);
  CheckAdmitted(*call);
  Attempt(call);
}

void FanOutModel::Attempt(const CallPtr& call) {
  ++calls_;
  const BackendModel::Reply reply =
      call->backend.model.Call(events_.now(), random_);
  const Clock::time_point leaves = call->request->leaves;
  const Clock::time_point gives_up = std::min(call->deadline, leaves);
  if (reply.when <= gives_up) {
    events_.At(reply.when,
               [this, call, status = reply.status] { OnReply(call, status); });
  } else if (gives_up == leaves) {
    events_.At(leaves, [this, call] {
      End(call, SectionEnd::kCancelled, CallResult::kCancelled);
    });
  } else {
    events_.At(call->deadline, [this, call] {
      call->retry.After(absl::DeadlineExceededError(""), {}, events_.now());
      End(call, SectionEnd::kTimedOut, CallResult::kTimeout);
    });
  }
}

void FanOutModel::OnReply(const CallPtr& call, const absl::Status& status) {
  if (const auto backoff = call->retry.After(status, {}, events_.now())) {
    Retry(call, *backoff);
    return;
  }
  call->backend.successes += status.ok();
  End(call, status.ok() ? SectionEnd::kArrived : SectionEnd::kFailed,
      fanout::ResultOf(status.code()));
}

void FanOutModel::Retry(const CallPtr& call, Clock::duration backoff) {
  Backend& backend = *backends_[call->section];
  ++backend.retries;
  if (backend.retries > 50 + backend.successes / 10) {
    Violation(absl::StrCat("retries of backend ", call->section,
                           " are past their budget"));
  }
  if (events_.now() + backoff >= call->request->leaves) {
    events_.At(call->request->leaves, [this, call] {
      End(call, SectionEnd::kCancelled, CallResult::kCancelled);
    });
    return;
  }
  events_.After(backoff, [this, call] { Attempt(call); });
}

void FanOutModel::End(const CallPtr& call, SectionEnd end, CallResult result) {
  call->permit.Finish(result, events_.now());
  Land(call->request, call->section, end);
}

void FanOutModel::Land(const std::shared_ptr<Request>& request,
                       std::size_t section, SectionEnd end) {
  request->record.sections[section] = OrStale(*request, section, end);
  if (--request->pending > 0) return;
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
