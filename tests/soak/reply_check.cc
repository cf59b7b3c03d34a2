#include "tests/soak/reply_check.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/support/model.h"

namespace gather::soak {
namespace {

namespace v1 = aggregator::v1;
using grpc::StatusCode;
using testing::FaultPlan;
using testing::kBranches;
using testing::SectionVerdict;
using testing::Verdict;

constexpr const char* kNames[kBranches] = {"user", "orders", "products"};
// The default of --total_timeout.
constexpr std::chrono::seconds kTotal(5);
// A loaded machine may be late, the client's end of it included.
constexpr std::chrono::seconds kMargin(5);

// The codes of the failures that the soak's backends can have. CANCELLED is
// what gRPC ends a call with that reaches a server which is shutting down.
std::vector<int> CodesOfReason(std::string_view reason) {
  if (reason == "BACKEND_ERROR") {
    return {StatusCode::INTERNAL, StatusCode::CANCELLED};
  }
  if (reason == "BACKEND_UNAVAILABLE") return {StatusCode::UNAVAILABLE};
  if (reason == "BACKEND_TIMEOUT") return {StatusCode::DEADLINE_EXCEEDED};
  return {};
}

bool CanBe(int code, std::string_view reason) {
  const std::vector<int> codes = CodesOfReason(reason);
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

FaultPlan PlanOf(const v1::GetOverviewRequest& request) {
  FaultPlan plan;
  for (int i = 0; i < kBranches; ++i) {
    const auto& paths = request.read_mask().paths();
    const auto& required = request.required_sections();
    plan.branches[i].requested =
        paths.empty() ||
        std::find(paths.begin(), paths.end(), kNames[i]) != paths.end();
    plan.branches[i].required =
        std::find(required.begin(), required.end(), i + 1) != required.end();
  }
  return plan;
}

// Takes the sections for what they say that they are, and asks the model what
// the answer as a whole should then be.
std::string CheckOverview(const Exchange& exchange) {
  FaultPlan plan = PlanOf(exchange.request);
  Verdict observed = testing::Observed(0, exchange.response);
  for (int i = 0; i < kBranches; ++i) {
    SectionVerdict& section = observed.sections[i];
    if (!plan.branches[i].requested) continue;
    auto answer = testing::AnswerRight();
    if (section.state == v1::SECTION_STATE_FAILED) {
      if (!CanBe(section.code, section.reason)) {
        return absl::StrCat("odd failure: ", section.code, section.reason);
      }
      answer = testing::Fail(static_cast<StatusCode>(section.code));
    }
    if (section.attempts < 1 || section.attempts > testing::kMaxAttempts) {
      return absl::StrCat(section.attempts, " attempts");
    }
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

// Whether sections that failed for these reasons can give a failure this code.
bool CanGive(int code, const std::vector<std::string>& reasons,
             std::array<SectionVerdict, kBranches> sections = {},
             std::size_t next = 0) {
  if (next == reasons.size()) {
    return testing::CodeOfTotalFailure(sections) == code;
  }
  const std::vector<int> codes = CodesOfReason(reasons[next]);
  return std::any_of(codes.begin(), codes.end(), [&](int section_code) {
    sections[next].state = v1::SECTION_STATE_FAILED;
    sections[next].code = section_code;
    return CanGive(code, reasons, sections, next + 1);
  });
}

// The same for what is left of the sections in a failure's words: "user
// BACKEND_ERROR, orders BACKEND_TIMEOUT".
std::string CheckTotalFailure(const Exchange& exchange,
                              const std::string& failures) {
  const FaultPlan plan = PlanOf(exchange.request);
  std::vector<std::string> reasons;
  std::string words;
  const std::vector<std::string> parts = absl::StrSplit(failures, ", ");
  for (int i = 0; i < kBranches; ++i) {
    if (!plan.branches[i].requested) continue;
    if (reasons.size() == parts.size()) return "too few failures: " + failures;
    const std::string& part = parts[reasons.size()];
    reasons.push_back(part.substr(part.find(' ') + 1));
    absl::StrAppend(&words, words.empty() ? "" : ", ", kNames[i], " ",
                    reasons.back());
  }
  const int code = exchange.status.error_code();
  if (words == failures && CanGive(code, reasons)) return "";
  return absl::StrCat("code ", code, " for ", failures);
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
  if (message.starts_with(kAll)) {
    return CheckTotalFailure(exchange, message.substr(kAll.size()));
  }
  const FaultPlan plan = PlanOf(exchange.request);
  for (int i = 0; i < kBranches; ++i) {
    const std::string start =
        absl::StrCat("required section ", kNames[i], " failed: ");
    if (plan.branches[i].required && message.starts_with(start) &&
        (CanBe(code, "BACKEND_ERROR") || CanBe(code, "BACKEND_UNAVAILABLE") ||
         CanBe(code, "BACKEND_TIMEOUT"))) {
      return "";
    }
  }
  return absl::StrCat("code ", code, ": ", message);
}

// A section that arrived is the truth; any other has nothing but its status.
template <typename Section>
std::string CheckPayload(Section section, const Section& truth) {
  const bool arrived = section.status().state() == v1::SECTION_STATE_OK;
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
  const Truth::Sections& right = truth.users.at(exchange.request.user_id());
  for (const std::string& fault :
       {CheckOverview(exchange),
        CheckPayload(exchange.response.user(), right.user),
        CheckPayload(exchange.response.orders(), right.orders),
        CheckPayload(exchange.response.products(), right.products)}) {
    if (!fault.empty()) return fault;
  }
  return "";
}

}  // namespace gather::soak
