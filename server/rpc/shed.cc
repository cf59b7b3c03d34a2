#include "server/rpc/shed.h"

#include <algorithm>

namespace gather::rpc {
namespace {

using async::Clock;

// Of a deadline of an hour, that leaves less than a microsecond.
constexpr int kMostHalvings = 32;

}  // namespace

bool Shed::Admit(Clock::time_point now, const LoopLoad& load,
                 Clock::duration left) {
  if (!settings_.enabled) return true;
  Observe(now, load.lag);
  if (IsInTime(load, left)) return true;
  last_refusal_ = now;
  ++refused_;
  return false;
}

bool Shed::IsInTime(const LoopLoad& load, Clock::duration left) const {
  const bool is_late = load.lag > settings_.target;
  if (!is_late && load.busy <= settings_.interval) return true;
  const Clock::duration needed = settings_.passes * load.lag;
  if (needed > left - settings_.margin) return false;
  return !is_late || needed <= left / (int64_t{1} << halvings_);
}

void Shed::Observe(Clock::time_point now, Clock::duration lag) {
  if (last_ == Clock::time_point()) last_ = now;
  // A gap between requests is none of overload, which leaves none.
  const Clock::duration passed = std::clamp<Clock::duration>(
      now - last_, Clock::duration::zero(), settings_.interval);
  last_ = now;
  if (halvings_ == 0) {
    const bool is_late = lag > settings_.target;
    above_ = std::max(above_ + (is_late ? passed : -passed),
                      Clock::duration::zero());
    if (above_ < settings_.patience) return;
    halvings_ = 1;
    next_halving_ = now + settings_.interval;
    last_refusal_ = now;
  } else if (now - last_refusal_ > settings_.calm) {
    halvings_ = 0;
    above_ = Clock::duration::zero();
  } else if (now >= next_halving_) {
    halvings_ = std::min(halvings_ + 1, kMostHalvings);
    next_halving_ = now + settings_.interval;
  }
}

}  // namespace gather::rpc
