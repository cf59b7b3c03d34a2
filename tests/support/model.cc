#include "tests/support/model.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"

namespace gather::testing {
namespace {

namespace v1 = aggregator::v1;
using grpc::StatusCode;

SectionVerdict Failed(int code, const char* reason, int attempts) {
  return {.state = v1::SECTION_STATE_FAILED,
          .code = code,
          .reason = reason,
          .attempts = attempts};
}

const char* ReasonOfCode(int code) {
  switch (code) {
    case StatusCode::UNAVAILABLE:
      return "BACKEND_UNAVAILABLE";
    case StatusCode::DEADLINE_EXCEEDED:
      return "BACKEND_TIMEOUT";
    case StatusCode::RESOURCE_EXHAUSTED:
      return "BACKEND_OVERLOADED";
    case StatusCode::UNIMPLEMENTED:
      return "BACKEND_UNIMPLEMENTED";
    default:
      return "BACKEND_ERROR";
  }
}

SectionVerdict TimedOut(int attempts) {
  return Failed(StatusCode::DEADLINE_EXCEEDED, "BACKEND_TIMEOUT", attempts);
}

SectionVerdict Outcome(const Answer& answer, int attempts) {
  if (!answer.status.ok()) {
    const int sent = answer.status.error_code();
    const int code = sent > 16 ? StatusCode::UNKNOWN : sent;
    return Failed(code, ReasonOfCode(code), attempts);
  }
  switch (answer.payload) {
    case Answer::Payload::kForAnotherUser:
      return Failed(StatusCode::INTERNAL, "REPLY_FOR_ANOTHER_USER", attempts);
    case Answer::Payload::kEmpty:
      return Failed(StatusCode::INTERNAL, "REPLY_MISSING", attempts);
    case Answer::Payload::kGarbage:
      return Failed(StatusCode::INTERNAL, "REPLY_UNREADABLE", attempts);
    case Answer::Payload::kHuge:
      return Failed(StatusCode::RESOURCE_EXHAUSTED, "REPLY_TOO_LARGE",
                    attempts);
    default:
      return {.state = v1::SECTION_STATE_OK,
              .code = 0,
              .reason = "",
              .attempts = attempts};
  }
}

// A request on its way through its steps.
class Walk {
 public:
  explicit Walk(const FaultPlan& plan) : plan_(plan) {
    for (int i = 0; i < kBranches; ++i) {
      if (!plan.branches[i].requested) outcomes_[i].emplace();
    }
  }

  // The answer, if the step brings it about.
  std::optional<Verdict> Take(int step) {
    if (step == FaultPlan::kCallerCancels) {
      return Verdict{.code = StatusCode::CANCELLED, .sections = {}};
    }
    if (step == FaultPlan::kTimeIsUp) return TimeIsUp();
    const Answer& answer = plan_.branches[step].answers[attempts_[step]++];
    if (answer.status.error_code() == StatusCode::UNAVAILABLE &&
        attempts_[step] < kMaxAttempts) {
      return std::nullopt;
    }
    return End(step, Outcome(answer, attempts_[step]));
  }

 private:
  std::optional<Verdict> End(int branch, const SectionVerdict& outcome) {
    const bool no_such_user =
        branch == 0 && outcome.code == StatusCode::NOT_FOUND;
    outcomes_[branch] = outcome;
    if (outcome.code != 0 && (plan_.branches[branch].required || no_such_user))
      return Verdict{.code = outcome.code, .sections = {}};
    return Whole();
  }

  std::optional<Verdict> TimeIsUp() {
    for (int i = 0; i < kBranches; ++i) {
      if (outcomes_[i]) continue;
      if (const auto verdict = End(i, TimedOut(attempts_[i] + 1))) {
        return verdict;
      }
    }
    return Whole();
  }

  std::optional<Verdict> Whole() const {
    Verdict verdict{.sections = {}, .complete = true};
    bool any = false;
    for (int i = 0; i < kBranches; ++i) {
      if (!outcomes_[i]) return std::nullopt;
      verdict.sections[i] = *outcomes_[i];
      any = any || outcomes_[i]->state == v1::SECTION_STATE_OK;
      if (outcomes_[i]->code != 0) verdict.complete = false;
    }
    if (!any) verdict.code = CodeOfTotalFailure(verdict.sections);
    return verdict;
  }

  const FaultPlan& plan_;
  std::array<int, kBranches> attempts_{};
  std::array<std::optional<SectionVerdict>, kBranches> outcomes_;
};

SectionVerdict ObservedSection(const v1::SectionStatus& status) {
  return {.state = status.state(),
          .code = status.code(),
          .reason = status.reason(),
          .attempts = status.attempts()};
}

}  // namespace

Verdict Judge(const FaultPlan& plan, const std::vector<int>& order,
              std::size_t* steps_taken) {
  std::size_t unused = 0;
  std::size_t& taken = steps_taken != nullptr ? *steps_taken : unused;
  taken = 0;
  if (plan.malformed) {
    return {.code = StatusCode::INVALID_ARGUMENT, .sections = {}};
  }
  Walk walk(plan);
  for (const int step : order) {
    ++taken;
    if (const auto verdict = walk.Take(step)) return *verdict;
  }
  return walk.Take(FaultPlan::kTimeIsUp).value();
}

int CodeOfTotalFailure(const std::array<SectionVerdict, kBranches>& sections) {
  int common = 0;
  for (const SectionVerdict& section : sections) {
    if (section.state != v1::SECTION_STATE_FAILED) continue;
    if (common != 0 && common != section.code) return StatusCode::UNAVAILABLE;
    common = section.code;
  }
  return common;
}

std::vector<Verdict> RightAnswers(const FaultPlan& plan) {
  std::vector<Verdict> answers;
  std::vector<int> order = plan.order;
  const auto race = order.end() - plan.together;
  std::sort(race, order.end());
  do {
    const Verdict answer = Judge(plan, order);
    if (std::find(answers.begin(), answers.end(), answer) == answers.end()) {
      answers.push_back(answer);
    }
  } while (std::next_permutation(race, order.end()));
  // The client's own end of the call is as good as any answer by then.
  if (plan.deadline == FaultPlan::Deadline::kTight) {
    answers.push_back({.code = StatusCode::DEADLINE_EXCEEDED, .sections = {}});
  }
  return answers;
}

Verdict Observed(int code, const v1::GetOverviewResponse& response) {
  return {.code = code,
          .sections = {ObservedSection(response.user().status()),
                       ObservedSection(response.orders().status()),
                       ObservedSection(response.products().status())},
          .complete = response.complete()};
}

std::string DebugString(const Verdict& verdict) {
  if (verdict.code != 0) return absl::StrCat("code ", verdict.code);
  std::string text = verdict.complete ? "complete" : "partial";
  for (const SectionVerdict& section : verdict.sections) {
    absl::StrAppend(&text, ", ", v1::SectionState_Name(section.state), " ",
                    section.code, " ", section.reason, " x", section.attempts);
  }
  return text;
}

}  // namespace gather::testing
