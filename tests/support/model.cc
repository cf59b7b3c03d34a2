#include "tests/support/model.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "server/aggregator/overview.h"
#include "server/fanout/section.h"
#include "tests/support/graph.h"

namespace gather::testing {
namespace {

namespace v1 = aggregator::v1;
using grpc::StatusCode;

SectionVerdict Failed(int code, const char* reason, int attempts) {
  return {.state = fanout::v1::SECTION_STATE_FAILED,
          .code = code,
          .reason = reason,
          .attempts = attempts};
}

// Of what a backend answers with.
const char* ReasonOfCode(int code) {
  switch (code) {
    case StatusCode::UNAVAILABLE:
      return "BACKEND_DECLINED";
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

// Whether a branch is there for others alone.
bool IsHidden(const BranchPlan& branch) {
  return branch.needed && !branch.requested;
}

// The code of a call that fails because a section did.
int CodeForCaller(const SectionVerdict& section) {
  if (section.reason == "REPLY_TOO_LARGE") return StatusCode::INTERNAL;
  switch (section.code) {
    case StatusCode::UNAVAILABLE:
    case StatusCode::DEADLINE_EXCEEDED:
    case StatusCode::RESOURCE_EXHAUSTED:
      return section.code;
    default:
      return StatusCode::INTERNAL;
  }
}

// A fresh one, or an older one.
bool HasReply(const SectionVerdict& section) {
  return section.state == fanout::v1::SECTION_STATE_OK ||
         section.state == fanout::v1::SECTION_STATE_STALE;
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
      return {.state = fanout::v1::SECTION_STATE_OK,
              .code = 0,
              .reason = "",
              .attempts = attempts};
  }
}

SectionVerdict DependencyFailed(const SectionVerdict& dependency) {
  return Failed(CodeForCaller(dependency), "DEPENDENCY_FAILED", 0);
}

// What a branch that nobody asked for says in the answer.
SectionVerdict Hidden(int attempts) {
  return {.state = fanout::v1::SECTION_STATE_NOT_REQUESTED,
          .code = 0,
          .reason = "",
          .attempts = attempts};
}

// A request on its way through its steps.
class Walk {
 public:
  explicit Walk(const FaultPlan& plan) : plan_(plan) {
    for (int i = 0; i < kBranches; ++i) {
      if (!plan.branches[i].needed) outcomes_[i].emplace();
    }
  }

  // The answer, if the step brings it about.
  std::optional<Verdict> Take(int step) {
    if (step == FaultPlan::kCallerCancels) {
      return Verdict{.code = StatusCode::CANCELLED, .sections = {}};
    }
    if (step == FaultPlan::kTimeIsUp) return TimeIsUp();
    if (!IsCalled(step)) {
      ++early_[step];
      return std::nullopt;
    }
    const Answer& answer = plan_.branches[step].answers[attempts_[step]++];
    if (answer.status.error_code() == StatusCode::UNAVAILABLE &&
        attempts_[step] < kMaxAttempts) {
      return std::nullopt;
    }
    return End(step, Outcome(answer, attempts_[step]));
  }

 private:
  // Not before its dependency is there. An answer that it was let give before
  // comes as soon as it is asked for.
  bool IsCalled(int branch) const {
    const int dependency = DependencyOf(branch);
    return dependency < 0 || outcomes_[dependency].has_value();
  }

  std::optional<Verdict> End(int branch, SectionVerdict outcome) {
    const bool called = outcome.reason != "DEPENDENCY_FAILED";
    if (plan_.stale && called && outcome.code != 0 && !IsNoMore(outcome.code)) {
      outcome.state = fanout::v1::SECTION_STATE_STALE;
    }
    if (outcome.state == fanout::v1::SECTION_STATE_STALE) stale_ = true;
    if (IsHidden(plan_.branches[branch])) {
      outcomes_[branch] = Hidden(outcome.attempts);
      return EndDependants(branch, outcome);
    }
    outcomes_[branch] = outcome;
    if (outcome.code == StatusCode::NOT_FOUND && NotFoundEndsRequest(branch)) {
      return Verdict{.code = StatusCode::NOT_FOUND, .sections = {}};
    }
    if (!HasReply(outcome) && plan_.branches[branch].required) {
      return Verdict{.code = CodeForCaller(outcome), .sections = {}};
    }
    return EndDependants(branch, outcome);
  }

  // Those that end because this one did, if any.
  std::optional<Verdict> EndDependants(int branch,
                                       const SectionVerdict& outcome) {
    for (int i = 0; i < kBranches; ++i) {
      if (DependencyOf(i) != branch || outcomes_[i]) continue;
      if (!HasReply(outcome)) {
        if (const auto verdict = End(i, DependencyFailed(outcome))) {
          return verdict;
        }
      }
      for (; early_[i] > 0; --early_[i]) {
        if (const auto verdict = Take(i)) return verdict;
      }
    }
    return Whole();
  }

  std::optional<Verdict> TimeIsUp() {
    for (int i = 0; i < kBranches; ++i) {
      // What it depends on has cost it the time, too.
      if (outcomes_[i] || !IsCalled(i)) continue;
      if (const auto verdict = End(i, TimedOut(attempts_[i] + 1))) {
        return verdict;
      }
    }
    return Whole();
  }

  std::optional<Verdict> Whole() const {
    Verdict verdict{.sections = {}, .complete = !stale_};
    bool any = false;
    for (int i = 0; i < kBranches; ++i) {
      if (!outcomes_[i]) return std::nullopt;
      verdict.sections[i] = *outcomes_[i];
      any = any || HasReply(*outcomes_[i]);
      if (outcomes_[i]->code != 0) verdict.complete = false;
    }
    if (!any) verdict.code = CodeOfTotalFailure(verdict.sections);
    return verdict;
  }

  const FaultPlan& plan_;
  std::array<int, kBranches> attempts_{};
  std::array<int, kBranches> early_{};
  bool stale_ = false;  // any, asked for or not
  std::array<std::optional<SectionVerdict>, kBranches> outcomes_;
};

SectionVerdict ObservedSection(const fanout::v1::SectionStatus& status) {
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

bool IsNoMore(int code) {
  return code == StatusCode::NOT_FOUND ||
         code == StatusCode::PERMISSION_DENIED ||
         code == StatusCode::UNAUTHENTICATED;
}

int CodeOfTotalFailure(const std::array<SectionVerdict, kBranches>& sections) {
  int common = 0;
  for (const SectionVerdict& section : sections) {
    if (section.state != fanout::v1::SECTION_STATE_FAILED) continue;
    const int code = CodeForCaller(section);
    if (common != 0 && common != code) return StatusCode::UNAVAILABLE;
    common = code;
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

Verdict Observed(int code, v1::GetOverviewResponse response) {
  Verdict verdict{
      .code = code, .sections = {}, .complete = response.complete()};
  std::size_t i = 0;
  aggregator::Overview::Sections::ForEach([&]<typename S>() {
    SectionVerdict& section = verdict.sections[i++];
    section = ObservedSection(S::In(response)->status());
    // Not even mentioned.
    const bool absent = section == ObservedSection(fanout::v1::SectionStatus());
    if (absent && fanout::OnlyOnRequest<S>()) section = Hidden(0);
  });
  return verdict;
}

std::string DebugString(const Verdict& verdict) {
  if (verdict.code != 0) return absl::StrCat("code ", verdict.code);
  std::string text = verdict.complete ? "complete" : "partial";
  for (const SectionVerdict& section : verdict.sections) {
    absl::StrAppend(&text, ", ", fanout::v1::SectionState_Name(section.state),
                    " ", section.code, " ", section.reason, " x",
                    section.attempts);
  }
  return text;
}

}  // namespace gather::testing
