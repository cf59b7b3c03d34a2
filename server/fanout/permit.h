#ifndef GATHER_SERVER_FANOUT_PERMIT_H_
#define GATHER_SERVER_FANOUT_PERMIT_H_

#include <exception>
#include <optional>

#include "server/async/clock.h"
#include "server/async/outcome.h"
#include "server/fanout/backend_of.h"
#include "server/fanout/call_scope.h"
#include "server/fanout/fetch.h"
#include "server/fanout/landing.h"
#include "server/fanout/policy/backend_policies.h"
#include "server/fanout/reason.h"
#include "server/rpc/status.h"

// What stands around a section's calls, whoever makes them.
namespace gather::fanout {

// Gets the right to call a section's backend now. False where its policies do
// not allow it: that is the section's failure.
template <typename S>
bool EnterPolicies(BackendOf<S>& backend, Fetched<S>& fetched,
                   std::optional<BackendPolicies::Permit>& permit) {
  permit.emplace(backend.policies.Enter(fetched.landing.start));
  if (*permit) return true;
  fetched.landing.failure = FailureFor(permit->refusal());
  return false;
}

// Tells the policies what came of it.
template <typename S>
void LeavePolicies(const CallScope& scope, BackendPolicies::Permit& permit,
                   Fetched<S>& fetched) {
  Landing& landing = fetched.landing;
  const async::Clock::time_point end = async::Clock::now();
  landing.duration = end - landing.start;
  if (landing.failure) scope.Explain(*landing.failure);
  permit.Finish(
      landing.failure ? ResultOf(*landing.failure) : CallResult::kSuccess, end);
}

// Of this server's own: in a catch block.
inline Failure OwnFailure() {
  return FailureFor(Reason::kAggregatorError,
                    rpc::TextOf(async::StatusOf(std::current_exception())));
}
template <typename S>
void FailByException(Fetched<S>& fetched) {
  fetched.reply.reset();
  fetched.landing.failure = OwnFailure();
}

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_PERMIT_H_
