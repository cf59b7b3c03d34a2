#include "tests/simulation/section_call.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/fanout/policy/call_result.h"

namespace gather::simulation {

using fanout::BackendPolicies;
using fanout::CallResult;

void FanOutModel::StartSection(const RequestPtr& request, std::size_t section,
                               Clock::time_point deadline, bool again) {
  Backend& backend = *backends_[section];
  const bool shared = backend.policies.settings().coalescing.enabled;
  if (shared) {
    const auto open = backend.shared_calls.find(request->user);
    if (open != backend.shared_calls.end()) {
      ++coalesced_;
      request->calls[section] = open->second;
      open->second->waiters.push_back(
          {request, deadline, /*joined=*/true, again});
      return;
    }
  }
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
      section, backend, std::move(permit), request->user, deadline);
  CheckAdmitted(*call);
  request->calls[section] = call;
  call->waiters.push_back({request, deadline, /*joined=*/false, again});
  if (shared) backend.shared_calls.emplace(request->user, call);
  Begin(call);
}

void FanOutModel::Begin(const CallPtr& call) {
  events_.At(call->deadline, [this, call] {
    if (call->over) return;
    call->retry.After(absl::DeadlineExceededError(""), {}, events_.now());
    End(call, SectionEnd::kTimedOut, CallResult::kTimeout);
  });
  fanout::Hedging& hedging = call->backend.policies.hedging();
  if (hedging.enabled()) {
    ++call->backend.calls;
    if (const auto delay = hedging.OnCall(events_.now())) {
      events_.After(*delay, [this, call] { Hedge(call); });
    }
  }
  Attempt(call);
}

void FanOutModel::Attempt(const CallPtr& call) {
  ++call->attempt;
  call->sent.clear();
  Send(call);
}

void FanOutModel::Hedge(const CallPtr& call) {
  // A first attempt that failed is a retry's matter.
  if (call->over || call->attempt > 1 || call->sent.empty()) return;
  BackendPolicies::Hedge permit =
      call->backend.policies.TryHedge(events_.now());
  if (!permit) return;
  call->hedge.emplace(std::move(permit));
  ++call->backend.hedges;
  CheckHedged(*call);
  Send(call);
}

void FanOutModel::Send(const CallPtr& call) {
  ++calls_;
  const Clock::time_point start = events_.now();
  call->sent.push_back(start);
  const BackendModel::Reply reply = call->backend.model.Call(start, random_);
  if (reply.when > call->deadline) return;
  events_.At(reply.when, [this, call, start, attempt = call->attempt,
                          status = reply.status] {
    if (call->over || call->attempt != attempt) return;
    fanout::Hedging& hedging = call->backend.policies.hedging();
    if (status.ok() && hedging.enabled()) {
      // Of the other one, too, which is given up.
      for (const Clock::time_point each : call->sent) {
        hedging.OnLatency(0, events_.now() - each, events_.now());
      }
    }
    call->sent.erase(std::find(call->sent.begin(), call->sent.end(), start));
    // The other of the two may still bring it.
    if (status.ok() || call->sent.empty()) OnReply(call, status);
  });
}

void FanOutModel::OnReply(const CallPtr& call, const absl::Status& status) {
  call->hedge.reset();
  if (const auto backoff = call->retry.After(status, {}, events_.now())) {
    Retry(call, *backoff);
    return;
  }
  call->backend.successes += status.ok();
  End(call, status.ok() ? SectionEnd::kArrived : SectionEnd::kFailed,
      fanout::ResultOf(status.code()));
}

void FanOutModel::Retry(const CallPtr& call, Clock::duration backoff) {
  Backend& backend = call->backend;
  ++backend.retries;
  if (backend.retries > 50 + backend.successes / 10) {
    Violation(absl::StrCat("retries of backend ", call->section,
                           " are past their budget"));
  }
  if (backend.policies.hedging().enabled()) backend.policies.hedging().Spend();
  events_.After(backoff, [this, call] {
    if (!call->over) Attempt(call);
  });
}

void FanOutModel::End(const CallPtr& call, SectionEnd end, CallResult result) {
  call->over = true;
  const auto shared = call->backend.shared_calls.find(call->user);
  if (shared != call->backend.shared_calls.end() && shared->second == call) {
    call->backend.shared_calls.erase(shared);
  }
  if (call->hedge) call->hedge->Finish(events_.now());
  call->permit.Finish(result, events_.now());
  for (const SectionCall::Waiter& waiter : std::exchange(call->waiters, {})) {
    waiter.request->calls[call->section] = nullptr;
    EndWait(waiter.request, call->section, waiter.again || !waiter.joined,
            waiter.deadline, end, result);
  }
}

// A failure is not inherited: who joined the call has another, once.
void FanOutModel::EndWait(const RequestPtr& request, std::size_t section,
                          bool had_its_own, Clock::time_point deadline,
                          SectionEnd end, CallResult result) {
  if (!had_its_own && end != SectionEnd::kArrived &&
      result != CallResult::kSuccess && events_.now() < deadline &&
      backends_[section]->policies.retry_budget().AllowsRetry()) {
    StartSection(request, section, deadline, /*again=*/true);
    return;
  }
  Land(request, section, end);
}

void FanOutModel::Leave(const RequestPtr& request, std::size_t section,
                        SectionEnd end) {
  const CallPtr call = std::exchange(request->calls[section], nullptr);
  if (call == nullptr) return;
  call->waiters.erase(std::find_if(
      call->waiters.begin(), call->waiters.end(),
      [&](const auto& waiter) { return waiter.request == request; }));
  if (call->waiters.empty()) {
    End(call, end,
        end == SectionEnd::kSoftTimeout ? CallResult::kTimeout
                                        : CallResult::kCancelled);
  }
  Land(request, section, end);
}

}  // namespace gather::simulation
