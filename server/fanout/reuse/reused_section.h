#ifndef GATHER_SERVER_FANOUT_REUSE_REUSED_SECTION_H_
#define GATHER_SERVER_FANOUT_REUSE_REUSED_SECTION_H_

#include <optional>
#include <string>
#include <utility>

#include "server/async/clock.h"
#include "server/async/task.h"
#include "server/fanout/backend_of.h"
#include "server/fanout/fan_out.h"
#include "server/fanout/fetch.h"
#include "server/fanout/permit.h"
#include "server/fanout/reuse/coalescing.h"
#include "server/fanout/reuse/reply_key.h"
#include "server/fanout/reuse/shared_call.h"
#include "server/fanout/reuse/stale_answer.h"
#include "server/fanout/section.h"

namespace gather::fanout {

// A section whose policies let a reply serve more than one request. From the
// outside in: a stale answer instead of a failure, coalescing, and then what
// every section has.
//
// `max_stale` is what the caller says of it, if anything.
template <typename S>
async::Task<> ReusedSection(FanOut& fan_out, BackendOf<S>& backend,
                            std::optional<async::Clock::duration> max_stale,
                            RequestsOf<S>& requests, Fetched<S>& fetched) {
  ReplyKey builder(fan_out.call, fan_out.settings.forwarded_keys);
  builder.Add(requests);
  const std::string key = std::move(builder).Take();
  if (fan_out.stopped()) {
    fetched.landing.failure = fan_out.FailureOfStopped();
    AnswerStale(fan_out, backend, key, max_stale, fetched);
    co_return;
  }
  try {
    async::Task<> call =
        backend.policies.settings().coalescing.enabled
            ? CoalescedCall(fan_out, backend, key, requests, fetched)
            : GuardedCall<S>(fan_out, backend, key, requests, fetched);
    co_await std::move(call);
  } catch (...) {
    FailByException(fetched);
  }
  AnswerStale(fan_out, backend, key, max_stale, fetched);
}

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_REUSE_REUSED_SECTION_H_
