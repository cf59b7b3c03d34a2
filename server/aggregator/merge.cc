#include "server/aggregator/merge.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/util/time_util.h"
#include "server/aggregator/failure.h"
#include "server/rpc/status.h"

namespace gather::aggregator {
namespace {

using google::protobuf::util::TimeUtil;

google::protobuf::Duration ToProto(async::Clock::duration duration) {
  return TimeUtil::NanosecondsToDuration(
      std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count());
}

// Puts sections into the response one by one, and keeps the score.
class Merger {
 public:
  Merger(async::Clock::time_point start, v1::GetOverviewResponse* response)
      : start_(start), response_(response) {}

  template <typename Source>
  void Add(BranchResult<typename Source::Reply>& branch) {
    if (!branch.ok()) {
      NoteEnd(Source::kSection, branch.status());
      return;
    }
    auto* section = Source::Mutable(response_);
    v1::SectionStatus* status = section->mutable_status();
    if (branch->attempts == 0) {
      status->set_state(v1::SECTION_STATE_NOT_REQUESTED);
      return;
    }
    *status->mutable_start_offset() = ToProto(branch->start - start_);
    *status->mutable_duration() = ToProto(branch->duration);
    status->set_attempts(branch->attempts);
    sequential_ += branch->duration;
    ++requested_;
    if (branch->reply.ok()) {
      status->set_state(v1::SECTION_STATE_OK);
      Source::Fill(*std::move(branch->reply), section);
    } else {
      NoteFailure(Source::kSection, branch->reply.status(), status);
    }
  }

  // Whether the request as a whole fails.
  absl::Status Outcome() const {
    if (end_) return *end_;
    if (failed_ == 0 || failed_ < requested_) return absl::OkStatus();
    return absl::Status(
        common_code_.value_or(absl::StatusCode::kUnavailable),
        absl::StrCat("every requested section failed: ", failures_));
  }

  bool complete() const { return failed_ == 0; }
  async::Clock::duration sequential() const { return sequential_; }

 private:
  // The first failure ends the request, and cancels the other branches: what
  // those say is its consequence.
  void NoteEnd(v1::Section section, const absl::Status& status) {
    const Failure failure = Describe(status);
    if (end_ && failure.reason == kCancelled) return;
    if (end_ && rpc::ReasonOf(*end_) != kCancelled) return;
    const std::string message =
        failure.reason == kUserNotFound
            ? failure.message
            : absl::StrCat("required section ", SectionName(section),
                           " failed: ", failure.message);
    end_ = rpc::WithReason(absl::Status(failure.code, message), failure.reason);
  }

  void NoteFailure(v1::Section section, const absl::Status& why,
                   v1::SectionStatus* status) {
    Failure failure = Describe(why);
    absl::StrAppend(&failures_, failures_.empty() ? "" : ", ",
                    SectionName(section), " ", failure.reason);
    common_code_ = failed_ == 0 || common_code_ == failure.code
                       ? std::optional(failure.code)
                       : std::nullopt;
    ++failed_;
    status->set_state(v1::SECTION_STATE_FAILED);
    status->set_code(static_cast<int>(failure.code));
    status->set_reason(std::move(failure.reason));
    status->set_message(std::move(failure.message));
  }

  const async::Clock::time_point start_;
  v1::GetOverviewResponse* const response_;
  int requested_ = 0;
  int failed_ = 0;
  std::optional<absl::StatusCode> common_code_;
  std::string failures_;
  std::optional<absl::Status> end_;
  async::Clock::duration sequential_{};
};

}  // namespace

absl::Status Merge(FanOutResult result, v1::GetOverviewResponse* response) {
  Merger merger(result.start, response);
  merger.Add<UserSource>(result.user);
  merger.Add<OrdersSource>(result.orders);
  merger.Add<ProductsSource>(result.products);

  response->set_complete(merger.complete());
  v1::FanOutTiming* timing = response->mutable_timing();
  *timing->mutable_start_time() = TimeUtil::NanosecondsToTimestamp(
      std::chrono::duration_cast<std::chrono::nanoseconds>(
          result.wall_start.time_since_epoch())
          .count());
  *timing->mutable_duration() = ToProto(result.end - result.start);
  *timing->mutable_sequential_duration() = ToProto(merger.sequential());
  return merger.Outcome();
}

}  // namespace gather::aggregator
