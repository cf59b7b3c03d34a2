#include "server/fanout/score.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/util/time_util.h"
#include "server/rpc/status.h"

namespace gather::fanout {
namespace {

using google::protobuf::util::TimeUtil;

// The reason of an error that no single section brought about.
constexpr char kEverySectionFailed[] = "EVERY_SECTION_FAILED";

google::protobuf::Duration ToProto(async::Clock::duration duration) {
  return TimeUtil::NanosecondsToDuration(
      std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count());
}

v1::AttemptKind KindOf(AttemptKind kind) {
  switch (kind) {
    case AttemptKind::kFirst:
      return v1::ATTEMPT_KIND_FIRST;
    case AttemptKind::kRetry:
      return v1::ATTEMPT_KIND_RETRY;
    case AttemptKind::kHedge:
      return v1::ATTEMPT_KIND_HEDGE;
  }
  return v1::ATTEMPT_KIND_UNSPECIFIED;
}

}  // namespace

bool Score::Land(std::size_t section, const Landing& landing,
                 v1::SectionStatus* status) {
  NoteTime(section, landing, status);
  if (!plan_.requested.Has(section)) {
    status->set_state(v1::SECTION_STATE_NOT_REQUESTED);
    // What was made of it is no better.
    if (landing.failure && landing.failure->stale_age) ++stale_;
    return false;
  }
  ++landed_;
  if (!landing.attempts_log.empty()) FillAttempts(landing, status);
  if (landing.coalesced) status->set_coalesced(true);
  if (landing.failure) return NoteFailure(section, *landing.failure, status);
  status->set_state(v1::SECTION_STATE_OK);
  return false;
}

void Score::NoteTime(std::size_t section, const Landing& landing,
                     v1::SectionStatus* status) {
  *status->mutable_start_offset() = ToProto(landing.start - start_);
  *status->mutable_duration() = ToProto(landing.duration);
  status->set_attempts(landing.attempts);
  sequential_ += landing.duration;
  const async::Clock::time_point end = landing.start + landing.duration;
  if (landing.attempts > 0 && end >= last_end_) {
    last_ = section;
    last_end_ = end;
  }
}

void Score::FillAttempts(const Landing& landing,
                         v1::SectionStatus* status) const {
  for (const AttemptRecord& record : landing.attempts_log) {
    v1::Attempt* attempt = status->add_attempts_log();
    attempt->set_kind(KindOf(record.kind));
    *attempt->mutable_start_offset() = ToProto(record.start - start_);
    *attempt->mutable_duration() = ToProto(record.duration);
    attempt->set_code(static_cast<int>(record.code));
    attempt->set_address(record.address);
    attempt->set_won(record.won);
  }
  const auto starts_before = [](const v1::Attempt& a, const v1::Attempt& b) {
    return TimeUtil::DurationToNanoseconds(a.start_offset()) <
           TimeUtil::DurationToNanoseconds(b.start_offset());
  };
  std::sort(status->mutable_attempts_log()->begin(),
            status->mutable_attempts_log()->end(), starts_before);
}

bool Score::NoteFailure(std::size_t section, const Failure& failure,
                        v1::SectionStatus* status) {
  Describe(section, failure, status);
  if (failure.stale_age) {
    ++stale_;
    status->set_state(v1::SECTION_STATE_STALE);
    *status->mutable_age() = ToProto(*failure.stale_age);
    return false;
  }
  absl::StrAppend(&failures_, failures_.empty() ? "" : ", ",
                  catalog_.sections[section].name, " ", status->reason());
  const absl::StatusCode code = CodeForCaller(failure);
  common_code_ =
      failed_ == 0 || common_code_ == code ? std::optional(code) : std::nullopt;
  ++failed_;
  status->set_state(v1::SECTION_STATE_FAILED);
  const bool ends =
      failure.reason == Reason::kNotFound ||
      (plan_.required.Has(section) && failure.reason != Reason::kCancelled);
  if (ends && !end_) end_ = EndBy(section, failure);
  return ends;
}

void Score::Describe(std::size_t section, const Failure& failure,
                     v1::SectionStatus* status) const {
  status->set_code(static_cast<int>(failure.code));
  status->set_reason(catalog_.words.name(failure.reason));
  status->set_message(TextOf(section, failure));
  if (failure.reason == Reason::kDependencyFailed) {
    status->set_failed_dependency(DependencyOf(section));
  }
}

std::string Score::TextOf(std::size_t section, const Failure& failure) const {
  const std::string& text = catalog_.words.text(failure.reason);
  if (!failure.cause) return text;
  return absl::StrCat(
      "section ", DependencyOf(section),
      ", which it needs, failed: ", catalog_.words.text(*failure.cause));
}

const std::string& Score::DependencyOf(std::size_t section) const {
  return catalog_.sections[catalog_.sections[section].after.value()].name;
}

absl::Status Score::EndBy(std::size_t section, const Failure& failure) const {
  const std::string& name = catalog_.sections[section].name;
  const std::string text = TextOf(section, failure);
  const std::string message =
      failure.reason == Reason::kNotFound
          ? text
          : absl::StrCat("required section ", name, " failed: ", text);
  return rpc::WithErrorInfo(absl::Status(CodeForCaller(failure), message),
                            catalog_.words.name(failure.reason),
                            catalog_.domain, {{"section", name}});
}

void Score::Abort(const absl::Status& why) {
  if (!end_) end_ = absl::Status(absl::StatusCode::kInternal, why.message());
}

absl::Status Score::Outcome() const {
  if (end_) return *end_;
  if (failed_ == 0 || failed_ < landed_) return absl::OkStatus();
  return rpc::WithErrorInfo(
      absl::Status(common_code_.value_or(absl::StatusCode::kUnavailable),
                   absl::StrCat("every requested section failed: ", failures_)),
      kEverySectionFailed, catalog_.domain);
}

void Score::FillTiming(std::chrono::system_clock::time_point wall_start,
                       async::Clock::time_point end,
                       v1::FanOutTiming* timing) const {
  *timing->mutable_start_time() = TimeUtil::NanosecondsToTimestamp(
      std::chrono::duration_cast<std::chrono::nanoseconds>(
          wall_start.time_since_epoch())
          .count());
  *timing->mutable_duration() = ToProto(end - start_);
  *timing->mutable_sequential_duration() = ToProto(sequential_);
  FillCriticalPath(timing);
}

// Each section waits for one other at most: so does the path, back from its
// end.
void Score::FillCriticalPath(v1::FanOutTiming* timing) const {
  if (!plan_.staged) return;
  for (auto section = last_; section;
       section = catalog_.sections[*section].after) {
    timing->add_critical_path(catalog_.sections[*section].name);
  }
  std::reverse(timing->mutable_critical_path()->begin(),
               timing->mutable_critical_path()->end());
}

}  // namespace gather::fanout
