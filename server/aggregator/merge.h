#ifndef GATHER_SERVER_AGGREGATOR_MERGE_H_
#define GATHER_SERVER_AGGREGATOR_MERGE_H_

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "gather/aggregator/v1/aggregator.pb.h"
#include "server/aggregator/plan.h"
#include "server/aggregator/section.h"
#include "server/aggregator/sources.h"
#include "server/async/clock.h"

namespace gather::aggregator {

// When a fan-out ran.
struct FanOutTimes {
  async::Clock::time_point start;
  async::Clock::time_point end;
  // `start` on the wall's clock.
  std::chrono::system_clock::time_point wall_start;
};

// Makes sections of branches, one by one as they land, and keeps the score for
// the answer as a whole. Pure, knows no RPC.
class Merger {
 public:
  // `start` is that of the fan-out.
  explicit Merger(async::Clock::time_point start) : start_(start) {}

  // Fills `section` in, and takes the payload out of `branch`. A branch that
  // ends the request leaves it as it is.
  template <typename Source, typename Section>
  void Add(BranchResult<typename Source::Reply>&& branch, Section* section) {
    if (!branch.ok()) {
      NoteEnd(Source::kSection, branch.status());
      return;
    }
    v1::SectionStatus* status = section->mutable_status();
    if (branch->attempts == 0) {
      status->set_state(v1::SECTION_STATE_NOT_REQUESTED);
      return;
    }
    NoteCall(branch->start, branch->duration, branch->attempts, status);
    if (branch->reply.ok()) {
      status->set_state(v1::SECTION_STATE_OK);
      Source::Fill(*std::move(branch->reply), section);
    } else {
      NoteFailure(Source::kSection, branch->reply.status(), status);
    }
  }

  // Of all branches that were added. Not OK where the request as a whole fails:
  // with the code of the section that ended it, or, where every requested
  // section failed, with their common code, or UNAVAILABLE where they have none
  // in common.
  absl::Status Outcome() const;

  // Every requested section arrived.
  bool complete() const { return failed_ == 0; }

  void FillTiming(const FanOutTimes& times, v1::FanOutTiming* timing) const;

 private:
  void NoteCall(async::Clock::time_point start, async::Clock::duration duration,
                int attempts, v1::SectionStatus* status);
  void NoteEnd(v1::Section section, const absl::Status& status);
  void NoteFailure(v1::Section section, const absl::Status& why,
                   v1::SectionStatus* status);

  const async::Clock::time_point start_;
  int requested_ = 0;
  int failed_ = 0;
  std::optional<absl::StatusCode> common_code_;
  std::string failures_;
  std::optional<absl::Status> end_;
  async::Clock::duration sequential_{};
};

// What the three branches of a fan-out came to, and when it ran.
struct FanOutResult {
  BranchResult<UserSource::Reply> user;
  BranchResult<OrdersSource::Reply> orders;
  BranchResult<ProductsSource::Reply> products;
  FanOutTimes times;
};

// Makes one answer of three, and gives Merger::Outcome(). Unless that is OK,
// `response` is unspecified. Takes the payloads out of `result`.
absl::Status Merge(FanOutResult result, v1::GetOverviewResponse* response);

}  // namespace gather::aggregator

#endif  // GATHER_SERVER_AGGREGATOR_MERGE_H_
