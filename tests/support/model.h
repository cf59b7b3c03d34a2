#ifndef GATHER_TESTS_SUPPORT_MODEL_H_
#define GATHER_TESTS_SUPPORT_MODEL_H_

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "gather/aggregator/v1/aggregator.pb.h"
#include "tests/support/fault_plan.h"

namespace gather::testing {

// What a section should say of itself.
struct SectionVerdict {
  fanout::v1::SectionState state = fanout::v1::SECTION_STATE_NOT_REQUESTED;
  int code = 0;
  std::string reason;
  int attempts = 0;

  bool operator==(const SectionVerdict&) const = default;
};

// What an answer should be.
struct Verdict {
  // Of the RPC; the rest counts only where it is 0.
  int code = 0;
  std::array<SectionVerdict, kBranches> sections;
  bool complete = false;

  // An answer that failed is its code and nothing else.
  bool operator==(const Verdict& other) const {
    if (code != 0 || other.code != 0) return code == other.code;
    return sections == other.sections && complete == other.complete;
  }
};

// The rules of an answer, told one step after the other: written from the
// contract, and sharing nothing with the code under test.
//
// `steps_taken` is after how many steps of `order` the answer stood.
Verdict Judge(const FaultPlan& plan, const std::vector<int>& order,
              std::size_t* steps_taken = nullptr);

// Whether a backend's code says that there is nothing for this caller: then
// what was there before is no answer.
bool IsNoMore(int code);

// The code of an answer none of whose requested sections arrived.
int CodeOfTotalFailure(const std::array<SectionVerdict, kBranches>& sections);

// Every answer that is right: one, but for what happens at once.
std::vector<Verdict> RightAnswers(const FaultPlan& plan);

// What was answered, to be held against those.
Verdict Observed(int code, aggregator::v1::GetOverviewResponse response);

std::string DebugString(const Verdict& verdict);

}  // namespace gather::testing

#endif  // GATHER_TESTS_SUPPORT_MODEL_H_
