#ifndef GATHER_SERVER_FANOUT_SCORE_H_
#define GATHER_SERVER_FANOUT_SCORE_H_

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "gather/fanout/v1/fanout.pb.h"
#include "server/async/clock.h"
#include "server/fanout/catalog.h"
#include "server/fanout/landing.h"
#include "server/fanout/plan.h"
#include "server/fanout/reason.h"

namespace gather::fanout {

// Keeps the score of a fan-out while its sections land, one by one, in the
// order in which they end: so the first that ends the request is the cause, and
// what follows from it is not taken for one. Pure, knows no RPC.
class Score {
 public:
  // What it is given must outlive it. `start` is that of the fan-out.
  Score(const Catalog& catalog, const Plan& plan,
        async::Clock::time_point start)
      : catalog_(catalog), plan_(plan), start_(start) {}

  // Notes what a section came to, and says it in `status`. True where that ends
  // the whole request: then the others are to be stopped. One that was fetched
  // only because others need it counts for the timing alone: what its failure
  // costs is said by those.
  bool Land(std::size_t section, const Landing& landing,
            v1::SectionStatus* status);

  // The request fails with INTERNAL, whatever else lands: this server could not
  // make its answer.
  void Abort(const absl::Status& why);

  // The request has an end, good or bad, that no section can change.
  bool ended() const { return end_.has_value(); }

  // Once all have landed. Not OK where the request as a whole fails: by the
  // section that ended it, or where every requested section failed, with their
  // common code, or UNAVAILABLE where they have none in common.
  absl::Status Outcome() const;

  // Every requested section arrived, and neither it nor what it was made of is
  // stale.
  bool complete() const { return failed_ == 0 && stale_ == 0; }

  // `wall_start` is the start of the fan-out on the wall's clock. Once all have
  // landed.
  void FillTiming(std::chrono::system_clock::time_point wall_start,
                  async::Clock::time_point end, v1::FanOutTiming* timing) const;

 private:
  void NoteTime(std::size_t section, const Landing& landing,
                v1::SectionStatus* status);
  void FillAttempts(const Landing& landing, v1::SectionStatus* status) const;
  bool NoteFailure(std::size_t section, const Failure& failure,
                   v1::SectionStatus* status);
  void Describe(std::size_t section, const Failure& failure,
                v1::SectionStatus* status) const;
  absl::Status EndBy(std::size_t section, const Failure& failure) const;
  // Why it failed, for people.
  std::string TextOf(std::size_t section, const Failure& failure) const;
  // The section that this one comes after.
  const std::string& DependencyOf(std::size_t section) const;
  void FillCriticalPath(v1::FanOutTiming* timing) const;

  const Catalog& catalog_;
  const Plan& plan_;
  const async::Clock::time_point start_;
  int landed_ = 0;
  int failed_ = 0;
  int stale_ = 0;
  std::optional<absl::StatusCode> common_code_;
  std::string failures_;
  std::optional<absl::Status> end_;
  async::Clock::duration sequential_{};
  // Of the sections that were called, the one that ended last, and when.
  std::optional<std::size_t> last_;
  async::Clock::time_point last_end_{};
};

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_SCORE_H_
