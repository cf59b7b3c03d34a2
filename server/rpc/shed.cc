#include "server/rpc/shed.h"

#include <algorithm>

namespace gather::rpc {
namespace {

using async::Clock;

// The weight of the latest turn in their mean is one in so many.
constexpr int kTurns = 32;

// duration::max() for no deadline.
Clock::duration TimeFor(Clock::time_point since, Clock::time_point deadline) {
  if (deadline == Clock::time_point::max()) return Clock::duration::max();
  return deadline > since ? deadline - since : Clock::duration::zero();
}

}  // namespace

bool Shed::Enter(Clock::time_point now, Clock::time_point deadline) {
  if (!settings_.enabled) return true;
  if (waiting_ == 0) {
    last_begun_ = now;
    last_short_ = now;
  }
  const Clock::duration time = TimeFor(now, deadline);
  if (IsTooLate(now - last_begun_, time)) return Refuse();
  if (IsShedding(now) && waiting_ * turn_ > Allowed(time)) {
    last_late_ = now;
    return Refuse();
  }
  ++waiting_;
  return true;
}

bool Shed::Begin(Clock::time_point now, Clock::time_point since,
                 Clock::time_point deadline) {
  if (!settings_.enabled) return true;
  --waiting_;
  const Clock::duration turn = now - last_turn_;
  if (since <= last_turn_ && turn < settings_.burst) {
    turn_ += (turn - turn_) / kTurns;
  }
  last_turn_ = now;
  last_begun_ = since;
  const Clock::duration waited = now - since;
  const Clock::duration time = TimeFor(since, deadline);
  shedding_ = IsShedding(now);
  (waited > settings_.target ? last_late_ : last_short_) = now;
  if (IsTooLate(waited, time)) return Refuse();
  const Clock::duration standing =
      shedding_ ? std::min(time, settings_.burst) : time;
  if (waited <= Allowed(time) || now - last_short_ < standing) return true;
  shedding_ = true;
  return Refuse();
}

bool Shed::Refuse() {
  refused_.Add();
  return false;
}

bool Shed::IsShedding(Clock::time_point now) const {
  return shedding_ && now - last_late_ <= settings_.calm;
}

bool Shed::IsTooLate(Clock::duration waited, Clock::duration time) const {
  return waited > settings_.negligible && waited + settings_.margin > time;
}

Clock::duration Shed::Allowed(Clock::duration time) const {
  return std::max(settings_.target, std::chrono::duration_cast<Clock::duration>(
                                        settings_.standing_share *
                                        (time - settings_.standing_from)));
}

}  // namespace gather::rpc
