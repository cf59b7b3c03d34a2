#ifndef GATHER_SERVER_FANOUT_REUSE_STALE_ANSWER_H_
#define GATHER_SERVER_FANOUT_REUSE_STALE_ANSWER_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "server/async/clock.h"
#include "server/fanout/backend_of.h"
#include "server/fanout/fan_out.h"
#include "server/fanout/fetch.h"
#include "server/fanout/reason.h"
#include "server/fanout/relay.h"
#include "server/fanout/request_duration.h"

// A section that fails is answered from its last good reply, as RFC 5861 has it
// of HTTP's stale-if-error (policy/stale_cache.h).
namespace gather::fanout {

// How old an answer the request's caller takes: by its own field, or else as
// the policies say, for which this gives none.
template <typename Request>
std::optional<async::Clock::duration> MaxStaleOf(const Request& request) {
  if constexpr (requires { request.max_stale().nanos(); }) {
    if (request.has_max_stale()) return ClockDurationOf(request.max_stale());
  }
  return std::nullopt;
}

// The backend does not have it, or not for this caller: an answer, and what was
// kept from before is none any more.
inline bool IsNoMore(const Failure& failure) {
  return failure.code == absl::StatusCode::kNotFound ||
         failure.code == absl::StatusCode::kPermissionDenied ||
         failure.code == absl::StatusCode::kUnauthenticated;
}

// A reply as the bytes that it is kept as.
template <typename Reply>
std::string BytesOf(const Reply& reply) {
  if constexpr (IsRelayed<Reply>) {
    return reply.wire().SerializeAsString();
  } else {
    return reply.SerializeAsString();
  }
}

// Keeps a reply that arrived, and forgets the one of what is no more. An answer
// is not to fail because there is no memory for that.
template <typename S>
void KeepReply(BackendOf<S>& backend, const std::string& key,
               const Fetched<S>& fetched) noexcept {
  StaleCache* const cache = backend.policies.stale_cache();
  if (cache == nullptr) return;
  try {
    const std::optional<Failure>& failure = fetched.landing.failure;
    if (failure) {
      if (IsNoMore(*failure)) cache->Erase(key);
    } else {
      cache->Put(key, BytesOf(*fetched.reply), async::Clock::now());
    }
  } catch (...) {
    cache->Erase(key);  // an older one
  }
}

// Puts the last good reply in the place of one that failed, where there is one
// that is not older than `max_stale` and the policies allow. Not for a caller
// who is gone, nor of what is no more.
template <typename S>
void AnswerStale(const FanOut& fan_out, BackendOf<S>& backend,
                 const std::string& key,
                 std::optional<async::Clock::duration> max_stale,
                 Fetched<S>& fetched) {
  StaleCache* const cache = backend.policies.stale_cache();
  std::optional<Failure>& failure = fetched.landing.failure;
  if (cache == nullptr || !failure || IsNoMore(*failure)) return;
  if (fan_out.stopped() && !fan_out.stopped_early()) return;
  const auto oldest = max_stale.value_or(async::Clock::duration::max());
  if (oldest == async::Clock::duration::zero()) return;
  const auto found = cache->Find(key, oldest, async::Clock::now());
  if (!found) return;
  typename BackendOf<S>::Wire wire;
  if (!wire.ParseFromString(*found->reply)) return;
  fetched.reply.emplace(std::move(wire));
  failure->stale_age = found->age;
}

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_REUSE_STALE_ANSWER_H_
