#ifndef GATHER_SERVER_FANOUT_REUSE_SHARED_CALL_H_
#define GATHER_SERVER_FANOUT_REUSE_SHARED_CALL_H_

#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "server/async/clock.h"
#include "server/async/task.h"
#include "server/fanout/backend_of.h"
#include "server/fanout/call_scope.h"
#include "server/fanout/fan_out.h"
#include "server/fanout/fetch.h"
#include "server/fanout/permit.h"
#include "server/fanout/reuse/stale_answer.h"
#include "server/fanout/scatter.h"
#include "server/fanout/section.h"
#include "server/rpc/call_trace.h"
#include "server/rpc/trace.h"

namespace gather::fanout {

// Whatever calls a section takes, under its backend's policies: one permit for
// all of them. A reply is kept for when there is none (stale_answer.h).
template <typename S>
async::Task<> GuardedCall(CallScope& scope, BackendOf<S>& backend,
                          const std::string& key, RequestsOf<S>& requests,
                          Fetched<S>& fetched) {
  std::optional<BackendPolicies::Permit> permit;
  if (!EnterPolicies(backend, fetched, permit)) co_return;
  try {
    co_await CallAll(scope, backend, requests, fetched);
  } catch (...) {
    FailByException(fetched);
  }
  LeavePolicies(scope, *permit, fetched);
  KeepReply(backend, key, fetched);
}

// A section's calls, made once for all who ask the same: the work of a
// Singleflight. It needs nobody of those who wait for it, so its first caller
// may leave before the others: its deadline is the section's timeout, from its
// own start; its spans are in the first caller's trace, as children of `span`;
// it stops when nobody waits any more.
//
// Thread: the loop's. Lifetime: `backend` outlives it.
template <typename S>
class SharedCall final : public CallScope {
 public:
  // Takes `requests`, which `key` is of.
  SharedCall(std::stop_token stop, const FanOut& first, rpc::SpanId span,
             BackendOf<S>& backend, const std::string& key,
             RequestsOf<S>& requests)
      : CallScope(first.loop(), first.loop_index(), std::move(stop)),
        backend_(backend),
        key_(key),
        requests_(std::move(requests)),
        metadata_(first.ForwardedMetadata()),
        tells_trace_(first.TellsTrace()),
        trace_(first.call_trace()) {
    fetched.landing.span = span;
  }

  async::Task<> Run() {
    fetched.landing.start = async::Clock::now();
    fetched.deadline =
        fetched.landing.start + backend_.policies.settings().section_timeout;
    return GuardedCall(*this, backend_, key_, requests_, fetched);
  }

  // Somebody's time was up: if that stops the call, it is as late as one whose
  // deadline has passed, and no news of a caller.
  void OnTimeUp() { time_up_ = true; }

  bool stopped_early() const override { return time_up_; }
  void Explain(Failure& failure) const override {
    if (!time_up_ || failure.reason != Reason::kCancelled) return;
    failure = FailureFor(Reason::kBackendTimeout, failure.detail);
  }
  rpc::SpanId AddMetadata(grpc::ClientContext& call) const override {
    for (const auto& [key, value] : metadata_) call.AddMetadata(key, value);
    return tells_trace_ ? trace_.Propagate(call) : 0;
  }
  const rpc::CallTrace& call_trace() const override { return trace_; }

  // What came of it, once it has ended.
  Fetched<S> fetched;

 private:
  BackendOf<S>& backend_;
  const std::string key_;
  RequestsOf<S> requests_;
  const std::vector<std::pair<std::string, std::string>> metadata_;
  const bool tells_trace_;
  mutable rpc::CallTrace trace_;  // a copy: the first caller may go
  bool time_up_ = false;
};

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_REUSE_SHARED_CALL_H_
