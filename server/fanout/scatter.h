#ifndef GATHER_SERVER_FANOUT_SCATTER_H_
#define GATHER_SERVER_FANOUT_SCATTER_H_

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/async/for_each.h"
#include "server/async/linked_stop.h"
#include "server/async/task.h"
#include "server/fanout/backend_of.h"
#include "server/fanout/call_scope.h"
#include "server/fanout/fetch.h"
#include "server/fanout/landing.h"
#include "server/fanout/reason.h"
#include "server/fanout/relay.h"
#include "server/fanout/section.h"
#include "server/rpc/status.h"

// The calls of a section that may take any number of them.
namespace gather::fanout {

// Adds what `part` holds to `whole`, as protobuf merges messages.
template <typename Reply>
void MergeReply(Reply&& part, std::optional<Reply>& whole) {
  if (!whole) {
    whole.emplace(std::move(part));
  } else if constexpr (IsRelayed<Reply>) {
    whole->Append(part);
  } else {
    whole->MergeFrom(part);
  }
}

// Adds one call to its section: the first failure is the section's.
template <typename S>
void AddCall(absl::StatusOr<Fetched<S>> call, Fetched<S>& section) {
  std::optional<Failure>& failure = section.landing.failure;
  if (!call.ok()) {
    // Not begun, or it threw.
    if (!failure) {
      failure = FailureFor(absl::IsCancelled(call.status())
                               ? Reason::kCancelled
                               : Reason::kAggregatorError,
                           rpc::TextOf(call.status()));
    }
    return;
  }
  Landing& landing = call->landing;
  section.landing.attempts += landing.attempts;
  std::move(landing.attempts_log.begin(), landing.attempts_log.end(),
            std::back_inserter(section.landing.attempts_log));
  if (!failure) failure = std::move(landing.failure);
  if (!failure) MergeReply(*std::move(call->reply), section.reply);
}

// All calls of a section, S::kCallsAtOnce at a time. Each is tried again and
// checked like a section's only one, and all have the section's deadline. Once
// one failed no other begins; those under way are waited for.
//
// A section has one permit of its backend's policies, for however many calls.
template <typename S>
async::Task<> CallEach(CallScope& scope, BackendOf<S>& backend,
                       std::vector<typename S::Request> requests,
                       Fetched<S>& fetched) {
  async::LinkedStop enough(scope.stop_token());
  const auto call =
      [&](const typename S::Request& request) -> async::Task<Fetched<S>> {
    Fetched<S> one;
    one.deadline = fetched.deadline;
    one.landing.span = fetched.landing.span;
    co_await Call(scope, backend, request, one);
    if (one.landing.failure) enough.source().request_stop();
    co_return one;
  };
  std::vector<absl::StatusOr<Fetched<S>>> calls = co_await async::ForEach(
      std::move(requests), S::kCallsAtOnce, call, enough.token());
  for (auto& each : calls) AddCall(std::move(each), fetched);
  if (fetched.landing.failure) {
    fetched.reply.reset();
  }
}

// Whatever calls a section takes.
template <typename S>
async::Task<> CallAll(CallScope& scope, BackendOf<S>& backend,
                      RequestsOf<S>& requests, Fetched<S>& fetched) {
  if constexpr (Scattered<S>) {
    return CallEach(scope, backend, std::move(requests), fetched);
  } else {
    return Call(scope, backend, requests, fetched);
  }
}

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_SCATTER_H_
