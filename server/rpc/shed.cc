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
  if (waiting_ == 0) last_begun_ = now;
  if (settings_.enabled &&
      !IsInTime(now, now - last_begun_, TimeFor(now, deadline))) {
    refused_.Add();
    return false;
  }
  ++waiting_;
  return true;
}

bool Shed::Begin(Clock::time_point now, Clock::time_point since,
                 Clock::time_point deadline) {
  --waiting_;
  last_begun_ = since;
  if (!settings_.enabled) return true;
  const Clock::duration waited = now - since;
  if (now - last_late_ > settings_.calm) {
    shedding_ = false;
    late_since_ = now;
  }
  if (waited > settings_.target) {
    last_late_ = now;
  } else if (!shedding_) {
    late_since_ = now;
  }
  if (IsInTime(now, waited, TimeFor(since, deadline))) return true;
  refused_.Add();
  return false;
}

bool Shed::IsInTime(Clock::time_point now, Clock::duration waited,
                    Clock::duration time) {
  if (time == Clock::duration::max()) return true;
  if (waited > settings_.negligible && waited + settings_.margin > time) {
    return false;
  }
  const auto allowed = std::max(
      settings_.target,
      std::chrono::duration_cast<Clock::duration>(
          settings_.standing_share * (time - settings_.standing_from)));
  if (waited <= allowed || now - last_late_ > settings_.calm ||
      now - late_since_ < time) {
    return true;
  }
  shedding_ = true;
  return false;
}

}  // namespace gather::rpc
