#ifndef GATHER_SERVER_FANOUT_SOFT_TIMEOUT_H_
#define GATHER_SERVER_FANOUT_SOFT_TIMEOUT_H_

#include <optional>
#include <stop_token>
#include <utility>

#include "absl/status/status.h"
#include "server/async/clock.h"
#include "server/async/gather.h"
#include "server/async/linked_stop.h"
#include "server/async/task.h"
#include "server/async/timer.h"
#include "server/fanout/fan_out.h"
#include "server/fanout/request_duration.h"

// An answer that is in time with most of its sections is often worth more than
// a late one with all: "good enough" results, in Dean and Barroso, The Tail at
// Scale, Communications of the ACM 56 (2013).
namespace gather::fanout {

// The request's own soft timeout, or else the server's; none where neither has
// one. A product whose requests have no such field has only the latter.
template <typename Request>
std::optional<async::Clock::duration> SoftTimeoutOf(const Request& request,
                                                    const Settings& settings) {
  if constexpr (requires { request.soft_timeout().nanos(); }) {
    if (request.has_soft_timeout()) {
      return ClockDurationOf(request.soft_timeout());
    }
  }
  if (settings.soft_timeout.count() == 0) return std::nullopt;
  return settings.soft_timeout;
}

namespace detail {

inline async::Task<> TellSoftTimeout(FanOut& fan_out,
                                     async::Clock::duration timeout,
                                     std::stop_token all_landed) {
  async::SleepUntil sleep =
      async::SleepFor(fan_out.call.loop(), timeout, std::move(all_landed));
  const absl::Status slept = co_await sleep;
  if (slept.ok()) fan_out.OnSoftTimeout();
}

template <typename Branches>
async::Task<> LandAll(Branches& branches, std::stop_source& all_landed) {
  const async::StopAtEnd end(all_landed);
  auto all = branches.All();
  const auto landed = co_await all;
  branches.NoteBroken(landed);
}

}  // namespace detail

// Awaits all branches, and tells the fan-out when its soft timeout passes
// before.
template <typename Branches>
async::Task<> AllOrGoodEnough(FanOut& fan_out, Branches& branches,
                              async::Clock::duration timeout) {
  async::LinkedStop all_landed(fan_out.stop_token());
  auto both = async::Gather(
      detail::LandAll(branches, all_landed.source()),
      detail::TellSoftTimeout(fan_out, timeout, all_landed.token()));
  const auto ended = co_await both;
  branches.NoteBroken(ended);
}

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_SOFT_TIMEOUT_H_
