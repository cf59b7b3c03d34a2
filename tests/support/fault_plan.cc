#include "tests/support/fault_plan.h"

#include <algorithm>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/support/graph.h"
#include "tests/support/model.h"

namespace gather::testing {
namespace {

using grpc::StatusCode;

class Planner {
 public:
  Planner(uint64_t seed, const std::string& user_id, bool stale)
      : random_(seed) {
    plan_.request.set_user_id(user_id);
    plan_.stale = stale;
  }

  FaultPlan Make() {
    Ask();
    if (Chance(2)) {
      Spoil();
      return plan_;
    }
    for (BranchPlan& branch : plan_.branches) {
      if (branch.needed) MakeAnswers(branch);
    }
    if (plan_.stale) {
      AvoidLateStages();
    } else if (Chance(6)) {
      Tighten();
      return plan_;
    }
    MakeOrder();
    if (Chance(12)) AddCancellation();
    Race();
    SetDeadline();
    return plan_;
  }

 private:
  int Pick(int low, int high) {
    return std::uniform_int_distribution(low, high)(random_);
  }
  bool Chance(int percent) { return Pick(1, 100) <= percent; }

  // Which sections, and which of them must arrive.
  void Ask() {
    constexpr int kAll = (1 << kBranches) - 1;
    const int mask = Chance(25)   ? kAll
                     : Chance(33) ? DefaultMask()
                                  : Pick(1, kAll);
    std::vector<int> paths;
    for (int i = 0; i < kBranches; ++i) {
      BranchPlan& branch = plan_.branches[i];
      branch.requested = ((mask >> i) & 1) != 0;
      branch.required = branch.requested && Chance(20);
      if (branch.required) {
        plan_.request.mutable_required_mask()->add_paths(SectionName(i));
      }
      if (branch.requested) paths.insert(paths.end(), Pick(1, 2), i);
    }
    MarkNeeded(plan_);
    if (mask == DefaultMask() && Chance(50)) return;
    std::shuffle(paths.begin(), paths.end(), random_);
    for (const int i : paths) {
      plan_.request.mutable_read_mask()->add_paths(SectionName(i));
    }
  }

  // What is asked for by a request without a mask.
  static int DefaultMask() {
    int mask = 0;
    for (int i = 0; i < kBranches; ++i) {
      if (!IsOnlyOnRequest(i)) mask |= 1 << i;
    }
    return mask;
  }

  void Spoil() {
    plan_.malformed = true;
    switch (Pick(0, 4)) {
      case 0:
        plan_.request.set_user_id("");
        break;
      case 1:
        plan_.request.mutable_user_id()->append(" ");
        break;
      case 2:
        plan_.request.mutable_read_mask()->add_paths("user.email");
        break;
      case 3:
        plan_.request.set_order_page_size(Chance(50) ? -1 : 101);
        break;
      default:
        plan_.request.add_required_sections(
            aggregator::v1::SECTION_UNSPECIFIED);
        break;
    }
  }

  void MakeAnswers(BranchPlan& branch) {
    // Rare: a backend that is often unavailable is not tried again
    // (rpc::RetryThrottle), and no plan says when that begins.
    const int unavailable = Chance(2) ? Pick(1, kMaxAttempts) : 0;
    branch.answers.assign(unavailable,
                          Fail(StatusCode::UNAVAILABLE, kBackendsWords));
    if (unavailable < kMaxAttempts) branch.answers.push_back(LastAnswer());
  }

  Answer LastAnswer() {
    const int roll = Pick(1, 1000);
    if (roll <= 20) return NeverAnswer();
    if (roll <= 60) return AnswerForAnotherUser();
    if (roll <= 100) return AnswerEmpty();
    if (roll <= 140) return AnswerGarbage();
    if (roll <= 142) return AnswerHuge();
    if (roll <= 160) return Fail(StatusCode::NOT_FOUND, kBackendsWords);
    if (roll <= 360) return Fail(AnyCode(), kBackendsWords);
    return AnswerRight();
  }

  StatusCode AnyCode() {
    const int code = Pick(1, 17);
    if (code == StatusCode::UNAVAILABLE) return StatusCode::INTERNAL;
    return static_cast<StatusCode>(code == 17 ? 77 : code);
  }

  void MakeOrder() {
    DropWhatIsNotCalled();
    for (int i = 0; i < kBranches; ++i) {
      for (const Answer& answer : plan_.branches[i].answers) {
        if (!answer.never) plan_.order.push_back(i);
      }
    }
    std::shuffle(plan_.order.begin(), plan_.order.end(), random_);
    for (int i = 0; i < kBranches; ++i) PutBehindDependency(i);
  }

  // What hangs and is then answered stale has others called when no plan can
  // tell any more what time they have.
  void AvoidLateStages() {
    for (int i = 0; i < kBranches; ++i) {
      const int dependency = DependencyOf(i);
      if (dependency < 0) continue;
      for (Answer& answer : plan_.branches[dependency].answers) {
        if (answer.never) answer = AnswerRight();
      }
    }
  }

  // No answers of a branch whose dependency fails.
  void DropWhatIsNotCalled() {
    for (int i = 0; i < kBranches; ++i) {
      const int dependency = DependencyOf(i);
      if (dependency < 0) continue;
      const auto& answers = plan_.branches[dependency].answers;
      if (answers.empty() || !LeavesAReply(answers.back())) {
        plan_.branches[i].answers.clear();
      }
    }
  }

  bool LeavesAReply(const Answer& answer) const {
    if (plan_.stale && !IsNoMore(answer.status.error_code())) return true;
    return !answer.never && answer.status.ok() &&
           answer.payload == Answer::Payload::kRight;
  }

  // Its steps before the last one of what it depends on move behind that.
  void PutBehindDependency(int branch) {
    if (DependencyOf(branch) < 0) return;
    const auto last = std::find(plan_.order.rbegin(), plan_.order.rend(),
                                DependencyOf(branch));
    std::stable_partition(plan_.order.begin(), last.base(),
                          [&](int step) { return step != branch; });
  }

  // At any step, but not after the answer stands.
  void AddCancellation() {
    std::size_t steps = 0;
    Judge(plan_, plan_.order, &steps);
    const int last = std::max(0, static_cast<int>(steps) - 1);
    plan_.order.insert(plan_.order.begin() + Pick(0, last),
                       FaultPlan::kCallerCancels);
    plan_.calls_seen_first = Chance(70);
  }

  // Lets the last steps happen at once, each of another branch's last.
  void Race() {
    if (!Chance(25)) return;
    std::array<bool, kBranches> taken{};
    auto step = plan_.order.rbegin();
    for (; step != plan_.order.rend(); ++step) {
      if (*step >= 0 && std::exchange(taken[*step], true)) break;
      // Not while an attempt is still to come of it.
      if (*step >= 0 && plan_.branches[*step].answers.size() > 1) break;
    }
    plan_.together = static_cast<int>(step - plan_.order.rbegin());
  }

  // The answers race against the deadline.
  void Tighten() {
    plan_.deadline = FaultPlan::Deadline::kTight;
    plan_.timeout = std::chrono::milliseconds(Pick(0, 30));
    for (BranchPlan& branch : plan_.branches) {
      if (branch.answers.size() > 1) branch.answers = {AnswerRight()};
      if (!branch.answers.empty() &&
          branch.answers[0].status.error_code() == StatusCode::UNAVAILABLE) {
        branch.answers = {NeverAnswer()};
      }
    }
    MakeOrder();
    plan_.order.push_back(FaultPlan::kTimeIsUp);
    plan_.together = static_cast<int>(plan_.order.size());
  }

  void SetDeadline() {
    const bool hangs = std::any_of(plan_.branches.begin(), plan_.branches.end(),
                                   [](const BranchPlan& branch) {
                                     return !branch.answers.empty() &&
                                            branch.answers.back().never;
                                   });
    if (hangs && Chance(40)) {
      plan_.deadline = FaultPlan::Deadline::kShort;
      // Of two stages, the first has half of it.
      plan_.timeout =
          std::chrono::milliseconds(Pick(600, 1200) * (HasStages() ? 2 : 1));
    } else if (Chance(30)) {
      plan_.deadline = FaultPlan::Deadline::kNone;
    }
  }

  bool HasStages() const {
    for (int i = 0; i < kBranches; ++i) {
      if (plan_.branches[i].needed && DependencyOf(i) >= 0) return true;
    }
    return false;
  }

  std::mt19937_64 random_;
  FaultPlan plan_;
};

std::string DebugString(const BranchPlan& branch) {
  if (!branch.needed) return "not requested";
  std::string text = branch.required    ? "required"
                     : branch.requested ? "requested"
                                        : "only needed";
  for (const Answer& answer : branch.answers) {
    absl::StrAppend(&text, answer.never ? " never" : "",
                    " payload=", static_cast<int>(answer.payload),
                    " code=", static_cast<int>(answer.status.error_code()));
  }
  return text;
}

}  // namespace

FaultPlan RandomPlan(uint64_t seed, const std::string& user_id, bool stale) {
  return Planner(seed, user_id, stale).Make();
}

std::string DebugString(const FaultPlan& plan) {
  std::string text = absl::StrCat(
      plan.request.ShortDebugString(), plan.malformed ? " (malformed)" : "",
      plan.stale ? " (stale ones are there)" : "", "\n  order:");
  for (const int step : plan.order) absl::StrAppend(&text, " ", step);
  absl::StrAppend(&text, ", last ", plan.together, " at once, deadline kind ",
                  static_cast<int>(plan.deadline), " ", plan.timeout.count(),
                  " ms");
  for (const BranchPlan& branch : plan.branches) {
    absl::StrAppend(&text, "\n  ", DebugString(branch));
  }
  return text;
}

}  // namespace gather::testing
