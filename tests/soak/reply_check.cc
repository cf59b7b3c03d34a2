#include "tests/soak/reply_check.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/rpc/error_details.pb.h"
#include "server/aggregator/overview.h"
#include "tests/support/error_details.h"
#include "tests/support/graph.h"
#include "tests/support/model.h"

namespace gather::soak {
namespace {

namespace v1 = aggregator::v1;
using grpc::StatusCode;
using testing::FaultPlan;
using testing::kBranches;
using testing::SectionVerdict;
using testing::Verdict;

// The default of --total_timeout.
constexpr std::chrono::seconds kTotal(5);
// The reasons of UNAVAILABLE.
constexpr char kNotReached[] = "BACKEND_UNAVAILABLE";
constexpr char kDeclined[] = "BACKEND_DECLINED";
constexpr char kBreakerOpen[] = "BREAKER_OPEN";
// With the code that its dependency's failure has for the caller.
constexpr char kDependencyFailed[] = "DEPENDENCY_FAILED";
// Only by the concurrency limit: the soak's backends don't say so.
constexpr char kOverloaded[] = "BACKEND_OVERLOADED";
// A loaded machine may be late, the client's end of it included.
constexpr std::chrono::seconds kMargin(5);

using Sections = std::array<SectionVerdict, kBranches>;

// The codes of the failures that the soak's backends can have. CANCELLED is
// what gRPC ends a call with that reaches a server which is shutting down.
std::vector<int> CodesOfReason(std::string_view reason) {
  if (reason == "BACKEND_ERROR") {
    return {StatusCode::INTERNAL, StatusCode::CANCELLED};
  }
  if (reason == kNotReached || reason == kDeclined || reason == kBreakerOpen) {
    return {StatusCode::UNAVAILABLE};
  }
  if (reason == kDependencyFailed) {
    return {StatusCode::UNAVAILABLE, StatusCode::RESOURCE_EXHAUSTED,
            StatusCode::DEADLINE_EXCEEDED, StatusCode::INTERNAL};
  }
  if (reason == kOverloaded) return {StatusCode::RESOURCE_EXHAUSTED};
  if (reason == "BACKEND_TIMEOUT") return {StatusCode::DEADLINE_EXCEEDED};
  return {};
}

bool CanBe(int code, std::string_view reason) {
  const std::vector<int> codes = CodesOfReason(reason);
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

// A backend is called once, at least, unless its policies are against it.
bool HasFairAttempts(const SectionVerdict& section) {
  const bool refused = section.reason == kBreakerOpen ||
                       section.reason == kOverloaded ||
                       section.reason == kDependencyFailed;
  return refused ? section.attempts == 0
                 : section.attempts >= 1 &&
                       section.attempts <= testing::kMaxAttempts;
}

bool Names(const google::protobuf::FieldMask& mask, int branch) {
  const auto& paths = mask.paths();
  return std::find(paths.begin(), paths.end(), testing::SectionName(branch)) !=
         paths.end();
}

FaultPlan PlanOf(const v1::GetOverviewRequest& request) {
  FaultPlan plan;
  for (int i = 0; i < kBranches; ++i) {
    plan.branches[i].requested = request.read_mask().paths().empty()
                                     ? !testing::IsOnlyOnRequest(i)
                                     : Names(request.read_mask(), i);
    plan.branches[i].required = Names(request.required_mask(), i);
  }
  testing::MarkNeeded(plan);
  return plan;
}

// What a branch that nobody asked for came to: only those that depend on it
// say.
testing::Answer AnswerOfHidden(int branch, const Verdict& observed) {
  for (int i = 0; i < kBranches; ++i) {
    const SectionVerdict& section = observed.sections[i];
    if (testing::DependencyOf(i) == branch &&
        section.reason == kDependencyFailed) {
      return testing::Fail(static_cast<StatusCode>(section.code));
    }
  }
  return testing::AnswerRight();
}

// Takes the sections for what they say that they are, and asks the model what
// the answer as a whole should then be.
std::string CheckOverview(const Exchange& exchange) {
  FaultPlan plan = PlanOf(exchange.request);
  Verdict observed = testing::Observed(0, exchange.response);
  for (int i = 0; i < kBranches; ++i) {
    SectionVerdict& section = observed.sections[i];
    if (!plan.branches[i].needed) continue;
    auto answer = testing::AnswerRight();
    if (!plan.branches[i].requested) {
      answer = AnswerOfHidden(i, observed);
    } else if (section.state == fanout::v1::SECTION_STATE_FAILED) {
      if (!CanBe(section.code, section.reason)) {
        return absl::StrCat("odd failure: ", section.code, section.reason);
      }
      answer = testing::Fail(static_cast<StatusCode>(section.code));
    }
    if (plan.branches[i].requested && !HasFairAttempts(section)) {
      return absl::StrCat(section.attempts, " attempts, ", section.reason);
    }
    // In the model's plans every backend is called, and there to answer.
    if (section.reason == kNotReached || section.reason == kBreakerOpen) {
      section.reason = kDeclined;
    }
    if (section.reason == kDependencyFailed) continue;
    // How many there were is up to the retries' throttle.
    const bool retried = answer.status.error_code() == StatusCode::UNAVAILABLE;
    section.attempts = retried ? testing::kMaxAttempts : 1;
    plan.branches[i].answers.assign(section.attempts, answer);
    plan.order.insert(plan.order.end(), section.attempts, i);
  }
  const Verdict right = testing::Judge(plan, plan.order);
  if (right == observed) return "";
  return absl::StrCat("answered ", testing::DebugString(observed),
                      ", right is ", testing::DebugString(right));
}

// Whether sections that failed for the reasons that they have, from branch
// `next` on, can give a failure this code.
bool CanGive(int code, Sections sections, int next = 0) {
  if (next == kBranches) return testing::CodeOfTotalFailure(sections) == code;
  SectionVerdict& section = sections[next];
  if (section.reason.empty()) return CanGive(code, sections, next + 1);
  const std::vector<int> codes = CodesOfReason(section.reason);
  return std::any_of(codes.begin(), codes.end(), [&](int section_code) {
    section.state = fanout::v1::SECTION_STATE_FAILED;
    section.code = section_code;
    return CanGive(code, sections, next + 1);
  });
}

// Of what is left of a failure's words, a part for each section that was
// requested, as they failed: "orders BACKEND_TIMEOUT, user BACKEND_ERROR".
std::string CheckTotalFailure(const Exchange& exchange,
                              const std::string& failures) {
  std::map<std::string, std::string> reasons;
  for (const auto part : absl::StrSplit(failures, ", ")) {
    const std::pair<std::string, std::string> words = absl::StrSplit(part, ' ');
    if (!reasons.insert(words).second) return "twice: " + failures;
  }
  const FaultPlan plan = PlanOf(exchange.request);
  Sections sections;
  for (int i = 0; i < kBranches; ++i) {
    const auto reason = reasons.extract(testing::SectionName(i));
    if (plan.branches[i].requested == reason.empty()) {
      return "not what was requested: " + failures;
    }
    if (!reason.empty()) sections[i].reason = reason.mapped();
  }
  const int code = exchange.status.error_code();
  if (reasons.empty() && CanGive(code, sections)) return "";
  return absl::StrCat("code ", code, " for ", failures);
}

// Of a failure that names the section which brought it about, in its words and
// in its details.
std::string CheckRequiredFailure(const Exchange& exchange) {
  const int code = exchange.status.error_code();
  const auto info = testing::DetailOf<google::rpc::ErrorInfo>(exchange.status)
                        .value_or(google::rpc::ErrorInfo());
  const FaultPlan plan = PlanOf(exchange.request);
  for (int i = 0; i < kBranches; ++i) {
    const std::string& name = testing::SectionName(i);
    Sections alone;
    alone[i].reason = info.reason();
    if (plan.branches[i].required && info.domain() == "gather.aggregator.v1" &&
        info.metadata().count("section") == 1 &&
        info.metadata().at("section") == name &&
        exchange.status.error_message().starts_with(
            absl::StrCat("required section ", name, " failed: ")) &&
        CanGive(code, alone)) {
      return "";
    }
  }
  return absl::StrCat("code ", code, ": ", exchange.status.error_message(),
                      ", ", info.ShortDebugString());
}

std::string CheckFailure(const Exchange& exchange) {
  const int code = exchange.status.error_code();
  const std::string message = exchange.status.error_message();
  if (code == StatusCode::CANCELLED && exchange.cancelled) return "";
  if (code == StatusCode::DEADLINE_EXCEEDED && exchange.timeout &&
      (exchange.took >= *exchange.timeout - std::chrono::milliseconds(2) ||
       message == "the deadline had passed on arrival")) {
    return "";
  }
  constexpr std::string_view kAll = "every requested section failed: ";
  return message.starts_with(kAll)
             ? CheckTotalFailure(exchange, message.substr(kAll.size()))
             : CheckRequiredFailure(exchange);
}

// A section that arrived is the truth; any other has nothing but its status.
template <typename Section>
std::string CheckPayload(Section section, const Section& truth) {
  const bool arrived = section.status().state() == fanout::v1::SECTION_STATE_OK;
  section.clear_status();
  const Section expected = arrived ? truth : Section();
  if (section.SerializeAsString() == expected.SerializeAsString()) return "";
  return "wrong payload: " + section.ShortDebugString();
}

}  // namespace

std::string FindFault(const Exchange& exchange, const Truth& truth) {
  if (exchange.took > exchange.timeout.value_or(kTotal) + kMargin) {
    return absl::StrCat("answered after ",
                        exchange.took / std::chrono::milliseconds(1), " ms");
  }
  if (!exchange.status.ok()) return CheckFailure(exchange);
  std::string fault = CheckOverview(exchange);
  v1::GetOverviewResponse answer = exchange.response;
  v1::GetOverviewResponse right = truth.at(exchange.request.user_id());
  aggregator::Overview::Sections::ForEach([&]<typename S>() {
    if (fault.empty()) fault = CheckPayload(*S::In(answer), *S::In(right));
  });
  return fault;
}

}  // namespace gather::soak
