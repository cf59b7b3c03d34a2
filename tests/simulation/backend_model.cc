#include "tests/simulation/backend_model.h"

#include <algorithm>
#include <cstddef>

namespace gather::simulation {

Clock::duration Latency::Draw(Random& random) const {
  if (slow_share > 0 && std::bernoulli_distribution(slow_share)(random)) {
    return slow;
  }
  if (sigma == 0) return median;
  return std::chrono::duration_cast<Clock::duration>(
      median * std::lognormal_distribution(0.0, sigma)(random));
}

BackendModel::Reply BackendModel::Call(Clock::time_point now, Random& random) {
  auto next =
      std::find_if(script_.begin(), script_.end(), [&](const Phase& candidate) {
        return EventQueue::kBegin + candidate.from > now;
      });
  const Phase& phase = *std::prev(next);
  switch (phase.kind) {
    case Phase::Kind::kHang:
      return {Clock::time_point::max(), absl::OkStatus()};
    case Phase::Kind::kHangThenAnswer:
      return {EventQueue::kBegin + next->from, absl::OkStatus()};
    case Phase::Kind::kDown:
      return {now + std::chrono::microseconds(100),
              absl::UnavailableError("down")};
    case Phase::Kind::kServe:
      break;
  }
  if (phase.failures > 0 &&
      std::bernoulli_distribution(phase.failures)(random)) {
    return {now + std::chrono::milliseconds(1),
            absl::UnavailableError("flaky")};
  }
  return {EndOfWork(phase, now, random), absl::OkStatus()};
}

Clock::time_point BackendModel::EndOfWork(const Phase& phase,
                                          Clock::time_point now,
                                          Random& random) {
  const Clock::duration latency = phase.latency.Draw(random);
  if (phase.workers == 0) return now + latency;
  free_.resize(static_cast<std::size_t>(phase.workers));
  const auto worker = std::min_element(free_.begin(), free_.end());
  *worker = std::max(*worker, now) + latency;
  return *worker;
}

bool BackendModel::healthy() const {
  return std::all_of(script_.begin(), script_.end(), [](const Phase& phase) {
    return phase.kind == Phase::Kind::kServe && phase.failures == 0;
  });
}

Clock::time_point BackendModel::last_change() const {
  return EventQueue::kBegin + script_.back().from;
}

}  // namespace gather::simulation
