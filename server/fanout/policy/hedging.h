#ifndef GATHER_SERVER_FANOUT_POLICY_HEDGING_H_
#define GATHER_SERVER_FANOUT_POLICY_HEDGING_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "server/async/clock.h"
#include "server/fanout/policy/latency_histogram.h"

namespace gather::fanout {

struct HedgingSettings {
  // Only for backends whose calls may be made twice.
  bool enabled = false;
  // A call is hedged once it has taken longer than so many of a hundred recent
  // ones.
  int percentile = 95;
  // Never sooner: below this the second call costs more than it saves.
  async::Clock::duration min_delay = std::chrono::milliseconds(1);
  // So many hedges for a hundred calls, less the retries.
  int budget_percent = 5;
};

// When a call that takes unusually long is made a second time, so that the
// first answer of the two is taken: Dean and Barroso, The Tail at Scale,
// Communications of the ACM 56 (2013), "hedged requests"; gRFC A6, "Hedging
// Policy", which gRPC's C++ core does not have.
//
// The budget is what keeps a slow backend from twice its load. Each call adds
// budget_percent of a token, up to kMostTokens, and each hedge takes one. A
// retry takes one, too, whether or not it is there, and down to none: so
// hedges stop where calls fail.
//
// Asked and told, the time an argument. Thread: any, each loop with its own
// index. Does nothing, and takes no memory, where it is off.
class Hedging {
 public:
  // For a burst of slow calls.
  static constexpr int kMostTokens = 10;
  // Of fewer calls a percentile says nothing.
  static constexpr uint64_t kMinimumCalls = 50;

  Hedging(const HedgingSettings& settings, int loops);

  bool enabled() const { return settings_.enabled; }

  // A call begins. After how long it is to be hedged, if it still lasts; none
  // where too little is known.
  std::optional<async::Clock::duration> OnCall(async::Clock::time_point now);

  // An attempt has succeeded, or, with what it had taken by then, was given up
  // because another was faster. On that loop.
  void OnLatency(int loop, async::Clock::duration latency,
                 async::Clock::time_point now);

  // Takes a token for a hedge; false where there is none.
  bool TrySpend();
  // A retry takes one.
  void Spend();

  // For metrics. Zero where not known.
  async::Clock::duration delay() const {
    return async::Clock::duration(delay_.load(std::memory_order_relaxed));
  }
  double tokens() const {
    return tokens_.load(std::memory_order_relaxed) / 100.0;
  }

 private:
  void UpdateDelay(async::Clock::time_point now);

  const HedgingSettings settings_;
  std::deque<LatencyHistogram> histograms_;  // one a loop
  std::atomic<int> tokens_{0};               // in hundredths
  std::atomic<async::Clock::rep> delay_{0};
  std::atomic<async::Clock::rep> next_update_{0};
};

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_POLICY_HEDGING_H_
