#ifndef GATHER_SERVER_AGGREGATOR_SECTION_STATS_H_
#define GATHER_SERVER_AGGREGATOR_SECTION_STATS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "server/aggregator/failure.h"
#include "server/async/counter.h"

namespace gather::aggregator {

// What the branches of one section came to, over all loops.
struct SectionTotals {
  uint64_t ok = 0;
  uint64_t not_requested = 0;
  std::array<uint64_t, kReasons> failed{};  // by ReasonIndex()
};

// Counts them on one loop. Thread: the loop's; AddTo() on any.
class SectionStats {
 public:
  void OnNotRequested() { not_requested_.Add(); }
  void OnOk() { ok_.Add(); }
  void OnFailure(std::size_t reason_index) { failed_[reason_index].Add(); }

  void AddTo(SectionTotals& totals) const {
    totals.ok += ok_.value();
    totals.not_requested += not_requested_.value();
    for (std::size_t i = 0; i < kReasons; ++i) {
      totals.failed[i] += failed_[i].value();
    }
  }

 private:
  async::Counter ok_;
  async::Counter not_requested_;
  std::array<async::Counter, kReasons> failed_;
};

}  // namespace gather::aggregator

#endif  // GATHER_SERVER_AGGREGATOR_SECTION_STATS_H_
