#include "server/rpc/reset_guard.h"

namespace gather::rpc {

using async::Clock;
using std::chrono::seconds;

void ResetGuard::OnCancel(const std::string& peer, Clock::time_point start,
                          Clock::time_point deadline, Clock::time_point now) {
  const bool premature = now < deadline && now - start < seconds(1);
  if (max_per_second_ == 0 || !premature) return;
  if (now - window_ >= seconds(1)) {
    window_ = now;
    counts_.clear();
  }
  if (++counts_[peer] == max_per_second_ + 1) on_flood_(peer);
}

}  // namespace gather::rpc
