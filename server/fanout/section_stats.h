#ifndef GATHER_SERVER_FANOUT_SECTION_STATS_H_
#define GATHER_SERVER_FANOUT_SECTION_STATS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "server/async/counter.h"
#include "server/fanout/reason.h"

namespace gather::fanout {

// What the branches of one section came to, over all loops.
struct SectionTotals {
  uint64_t ok = 0;
  uint64_t not_requested = 0;
  std::array<uint64_t, kReasons> failed{};  // by IndexOf(Reason)
  std::array<uint64_t, kReasons> stale{};   // answered all the same
  uint64_t coalesced = 0;
  uint64_t hedges_won = 0;
  uint64_t hedges_lost = 0;
};

// Counts them on one loop. Thread: the loop's; AddTo() on any.
class SectionStats {
 public:
  void OnNotRequested() { not_requested_.Add(); }
  void OnOk() { ok_.Add(); }
  void OnFailure(Reason reason) { failed_[IndexOf(reason)].Add(); }
  void OnStale(Reason reason) { stale_[IndexOf(reason)].Add(); }
  // It waits for another request's calls.
  void OnCoalesced() { coalesced_.Add(); }

  // A call was made a second time: whether that was the faster one.
  void OnHedge(bool won) { (won ? hedges_won_ : hedges_lost_).Add(); }

  void AddTo(SectionTotals& totals) const {
    totals.ok += ok_.value();
    totals.not_requested += not_requested_.value();
    for (std::size_t i = 0; i < kReasons; ++i) {
      totals.failed[i] += failed_[i].value();
      totals.stale[i] += stale_[i].value();
    }
    totals.coalesced += coalesced_.value();
    totals.hedges_won += hedges_won_.value();
    totals.hedges_lost += hedges_lost_.value();
  }

 private:
  async::Counter ok_;
  async::Counter not_requested_;
  std::array<async::Counter, kReasons> failed_;
  std::array<async::Counter, kReasons> stale_;
  async::Counter coalesced_;
  async::Counter hedges_won_;
  async::Counter hedges_lost_;
};

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_SECTION_STATS_H_
