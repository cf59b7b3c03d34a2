#include "tests/support/plan_run.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "tests/support/graph.h"
#include "tests/support/model.h"
#include "tests/support/replies.h"

namespace gather::testing {
namespace {

namespace v1 = aggregator::v1;
using ::testing::AssertionFailure;
using ::testing::AssertionResult;
using ::testing::AssertionSuccess;

// How late an answer may be on a busy machine.
constexpr std::chrono::seconds kMargin(2);

// What a section holds beside its status.
template <typename Section>
bool HasPayload(const Section& section) {
  Section payload = section;
  payload.clear_status();
  return payload.ByteSizeLong() > 0;
}

// It holds what it would hold were it fresh.
template <typename Section>
AssertionResult CheckStaleSection(const Section& section,
                                  const std::string& user_id) {
  if (section.status().message().empty() || !section.status().has_age()) {
    return AssertionFailure() << "stale, without a word or an age";
  }
  Section fresh = section;
  fresh.mutable_status()->set_state(fanout::v1::SECTION_STATE_OK);
  fresh.mutable_status()->set_code(0);
  fresh.mutable_status()->clear_reason();
  fresh.mutable_status()->clear_message();
  return IsRight(fresh, user_id);
}

template <typename Section>
AssertionResult CheckSection(const Section& section,
                             const std::string& user_id) {
  if (section.status().state() == fanout::v1::SECTION_STATE_OK) {
    return IsRight(section, user_id);
  }
  if (section.status().state() == fanout::v1::SECTION_STATE_STALE) {
    return CheckStaleSection(section, user_id);
  }
  if (section.status().state() == fanout::v1::SECTION_STATE_FAILED &&
      section.status().message().empty()) {
    return AssertionFailure() << "a failure without words";
  }
  if (HasPayload(section)) {
    return AssertionFailure() << "a payload that did not arrive";
  }
  return AssertionSuccess();
}

// Whether the payloads are as their sections say.
AssertionResult CheckPayloads(v1::GetOverviewResponse response,
                              const std::string& user_id) {
  AssertionResult result = AssertionSuccess();
  aggregator::Overview::Sections::ForEach([&]<typename S>() {
    if (result) result = CheckSection(*S::In(response), user_id);
  });
  return result;
}

// Whether nothing is in the answer that is not for the client's eyes.
AssertionResult CheckWords(const Overview& overview) {
  const std::string text =
      overview.status.error_message() + overview.response.SerializeAsString();
  for (const char* word : {kBackendsWords, "another-user"}) {
    if (text.find(word) != std::string::npos) {
      return AssertionFailure() << "the answer says \"" << word << '"';
    }
  }
  return AssertionSuccess();
}

}  // namespace

PlanRun::PlanRun(FaultPlan plan, std::chrono::milliseconds section)
    : plan_(std::move(plan)), section_(section) {}

Answer PlanRun::Meet(int branch) {
  const std::size_t attempt = seen_[branch].count();
  const std::vector<Answer>& answers = plan_.branches[branch].answers;
  Answer answer = NeverAnswer();  // to a call too many
  if (attempt < answers.size()) {
    answer = answers[attempt];
    answer.gate = &gates_[branch][attempt];
  }
  if (answer.never) answer.gate = nullptr;
  answer.on_end = [self = shared_from_this(), branch](bool cancelled) {
    if (cancelled) self->cancellations_[branch].Add();
    self->ends_[branch].Add();
  };
  seen_[branch].Add();
  return answer;
}

AssertionResult PlanRun::Run(AggregatorStub& stub) {
  start_ = Clock::now();
  PendingOverview call(stub, plan_.request, Timeout());
  const AssertionResult steered = Steer(call);
  if (!steered) {
    result_ = Result::kNotSteered;
    return steered;
  }
  if (Clock::now() - start_ > section_ / 2) result_ = Result::kTooSlow;
  const Overview& overview = call.Await();
  for (const AssertionResult& result :
       {CheckTime(), CheckAnswer(overview), CheckCalls()}) {
    if (!result) return result;
  }
  return AssertionSuccess();
}

std::optional<std::chrono::milliseconds> PlanRun::Timeout() const {
  switch (plan_.deadline) {
    case FaultPlan::Deadline::kNone:
      return std::nullopt;
    case FaultPlan::Deadline::kAmple:
      return kPatience;
    default:
      return plan_.timeout;
  }
}

AssertionResult PlanRun::Steer(PendingOverview& call) {
  std::size_t stands = 0;
  Judge(plan_, plan_.order, &stands);
  const std::size_t calm = plan_.order.size() - plan_.together;
  for (std::size_t i = 0; i < plan_.order.size() && i < stands; ++i) {
    // Under a tight deadline nobody knows which calls will be made.
    const bool blind = plan_.deadline == FaultPlan::Deadline::kTight ||
                       (plan_.order[i] == FaultPlan::kCallerCancels &&
                        !plan_.calls_seen_first);
    if (i <= calm && !blind) {
      AssertionResult seen = AwaitCalls();
      if (!seen) return seen << ", before step " << i;
    }
    // What happens at once begins here, and all of it happens.
    if (i == calm) stands = plan_.order.size();
    Take(plan_.order[i], call);
  }
  return AssertionSuccess();
}

void PlanRun::Take(int step, PendingOverview& call) {
  if (step == FaultPlan::kCallerCancels) call.Cancel();
  if (step >= 0) gates_[step][let_go_[step]++].Open();
}

AssertionResult PlanRun::AwaitCalls() const {
  for (int i = 0; i < kBranches; ++i) {
    if (let_go_[i] == plan_.branches[i].answers.size()) continue;
    const int dependency = DependencyOf(i);
    if (dependency >= 0 &&
        let_go_[dependency] != plan_.branches[dependency].answers.size()) {
      continue;
    }
    AssertionResult seen = seen_[i].WaitFor(static_cast<int>(let_go_[i]) + 1);
    if (!seen) return seen << " of branch " << i;
  }
  return AssertionSuccess();
}

AssertionResult PlanRun::CheckTime() const {
  const auto took = Clock::now() - start_;
  const auto limit = std::min<std::chrono::milliseconds>(
      Timeout().value_or(kPatience), section_);
  if (took <= limit + kMargin) return AssertionSuccess();
  return AssertionFailure()
         << "answered after " << std::chrono::duration<double>(took).count()
         << " s";
}

AssertionResult PlanRun::CheckAnswer(const Overview& overview) {
  const Verdict observed =
      Observed(overview.status.error_code(), overview.response);
  if (observed.code == 0) {
    const AssertionResult payloads =
        CheckPayloads(overview.response, plan_.request.user_id());
    if (!payloads) return payloads;
  }
  const AssertionResult words = CheckWords(overview);
  if (!words) return words;
  const std::vector<Verdict> right = RightAnswers(plan_);
  if (std::find(right.begin(), right.end(), observed) != right.end()) {
    return AssertionSuccess();
  }
  if (result_ == Result::kTooSlow) return AssertionSuccess();
  if (plan_.deadline == FaultPlan::Deadline::kShort &&
      observed.code == grpc::StatusCode::DEADLINE_EXCEEDED) {
    result_ = Result::kReserveMissed;
    return AssertionSuccess();
  }
  AssertionResult failure = AssertionFailure();
  failure << "answered: " << DebugString(observed) << " ("
          << overview.status.error_message() << ")";
  for (const Verdict& verdict : right) {
    failure << "\nright: " << DebugString(verdict);
  }
  return failure;
}

AssertionResult PlanRun::CheckCalls() const {
  for (int i = 0; i < kBranches; ++i) {
    const int seen = seen_[i].count();
    const int let_go = static_cast<int>(let_go_[i]);
    if (seen > 0 && (plan_.malformed || !plan_.branches[i].needed)) {
      return AssertionFailure() << "branch " << i << " was called unasked";
    }
    if (seen > static_cast<int>(plan_.branches[i].answers.size())) {
      return AssertionFailure()
             << "branch " << i << " was called " << seen << " times";
    }
    AssertionResult ended = ends_[i].WaitFor(seen);
    if (!ended) return ended << " of branch " << i;
    // What was never let go can have ended only so.
    if (cancellations_[i].count() < seen - let_go) {
      return AssertionFailure() << "branch " << i << " was not cancelled";
    }
  }
  return AssertionSuccess();
}

void PlanBoard::Attach(AggregatorFixture& fixture) {
  int branch = 0;
  for (FakeBackend* backend : fixture.backends()) {
    backend->SetRule([this, branch](const SeenCall& seen) {
      return Meet(branch, seen.user_id);
    });
    ++branch;
  }
}

void PlanBoard::Add(const std::string& user_id, std::shared_ptr<PlanRun> run) {
  const std::lock_guard lock(mutex_);
  runs_[user_id] = std::move(run);
}

void PlanBoard::Remove(const std::string& user_id) {
  const std::lock_guard lock(mutex_);
  runs_.erase(user_id);
}

Answer PlanBoard::Meet(int branch, const std::string& user_id) {
  std::shared_ptr<PlanRun> run;
  {
    const std::lock_guard lock(mutex_);
    const auto found = runs_.find(user_id);
    if (found == runs_.end()) return NeverAnswer();
    run = found->second;
  }
  return run == nullptr ? AnswerRight() : run->Meet(branch);
}

}  // namespace gather::testing
