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

}  // namespace

void Merger::NoteCall(async::Clock::time_point start,
                      async::Clock::duration duration, int attempts,
                      v1::SectionStatus* status) {
  *status->mutable_start_offset() = ToProto(start - start_);
  *status->mutable_duration() = ToProto(duration);
  status->set_attempts(attempts);
  sequential_ += duration;
  ++requested_;
}

// The first failure ends the request, and cancels the other branches: what
// those say is its consequence.
void Merger::NoteEnd(v1::Section section, const absl::Status& status) {
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

void Merger::NoteFailure(v1::Section section, const absl::Status& why,
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

absl::Status Merger::Outcome() const {
  if (end_) return *end_;
  if (failed_ == 0 || failed_ < requested_) return absl::OkStatus();
  return absl::Status(
      common_code_.value_or(absl::StatusCode::kUnavailable),
      absl::StrCat("every requested section failed: ", failures_));
}

void Merger::FillTiming(const FanOutTimes& times,
                        v1::FanOutTiming* timing) const {
  *timing->mutable_start_time() = TimeUtil::NanosecondsToTimestamp(
      std::chrono::duration_cast<std::chrono::nanoseconds>(
          times.wall_start.time_since_epoch())
          .count());
  *timing->mutable_duration() = ToProto(times.end - times.start);
  *timing->mutable_sequential_duration() = ToProto(sequential_);
}

absl::Status Merge(FanOutResult result, v1::GetOverviewResponse* response) {
  Merger merger(result.times.start);
  merger.Add<UserSource>(std::move(result.user), UserSource::Mutable(response));
  merger.Add<OrdersSource>(std::move(result.orders),
                           OrdersSource::Mutable(response));
  merger.Add<ProductsSource>(std::move(result.products),
                             ProductsSource::Mutable(response));
  response->set_complete(merger.complete());
  merger.FillTiming(result.times, response->mutable_timing());
  return merger.Outcome();
}

}  // namespace gather::aggregator
