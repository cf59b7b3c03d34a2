#include "server/rpc/shed.h"

#include <algorithm>

namespace gather::rpc {
namespace {

using async::Clock;

// duration::max() for no deadline.
Clock::duration TimeFor(Clock::time_point since, Clock::time_point deadline) {
  if (deadline == Clock::time_point::max()) return Clock::duration::max();
  return deadline > since ? deadline - since : Clock::duration::zero();
}

}  // namespace

bool Shed::Enter(Clock::time_point now, Clock::time_point deadline) {
  if (waiting_ == 0) {
    last_begun_ = now;
    last_short_ = now;
  }
  if (!Admit(now, now - last_begun_, TimeFor(now, deadline))) return false;
  ++waiting_;
  return true;
}

bool Shed::Begin(Clock::time_point now, Clock::time_point since,
                 Clock::time_point deadline) {
  --waiting_;
  last_begun_ = since;
  const Clock::duration waited = now - since;
  if (waited > settings_.target) {
    if (now - last_late_ > settings_.calm) shedding_ = false;
    last_late_ = now;
  } else {
    last_short_ = now;
  }
  return Admit(now, waited, TimeFor(since, deadline));
}

bool Shed::Admit(Clock::time_point now, Clock::duration waited,
                 Clock::duration time) {
  if (!settings_.enabled || time == Clock::duration::max()) return true;
  const bool too_late =
      waited > settings_.negligible && waited + settings_.margin > time;
  const bool overload = !too_late && IsOverload(now, waited, time);
  if (overload) shedding_ = true;
  if (too_late || overload) refused_.Add();
  return !too_late && !overload;
}

bool Shed::IsOverload(Clock::time_point now, Clock::duration waited,
                      Clock::duration time) const {
  const auto allowed = std::max(
      settings_.target,
      std::chrono::duration_cast<Clock::duration>(
          settings_.standing_share * (time - settings_.standing_from)));
  if (waited <= allowed) return false;
  const bool calm = now - last_late_ > settings_.calm;
  const Clock::duration standing =
      shedding_ && !calm ? std::min(time, settings_.burst) : time;
  return now - last_short_ >= standing;
}

}  // namespace gather::rpc
