#ifndef GATHER_TESTS_SUPPORT_GRAPH_H_
#define GATHER_TESTS_SUPPORT_GRAPH_H_

#include <string>

#include "tests/support/fault_plan.h"

// What the list of sections says of the branches of a plan.
namespace gather::testing {

// The name of a branch's section.
const std::string& SectionName(int branch);

// The branch without whose reply this one's call is not made; -1 for none.
int DependencyOf(int branch);

// Whether a request without a mask leaves it out.
bool IsOnlyOnRequest(int branch);

// Whether NOT_FOUND of its backend is that of the request.
bool NotFoundEndsRequest(int branch);

// Of which branches are requested, says which are needed.
void MarkNeeded(FaultPlan& plan);

}  // namespace gather::testing

#endif  // GATHER_TESTS_SUPPORT_GRAPH_H_
