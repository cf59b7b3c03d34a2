#ifndef GATHER_TESTS_SUPPORT_FAILING_NEW_H_
#define GATHER_TESTS_SUPPORT_FAILING_NEW_H_

#include <string>

namespace gather::testing {

// A program that links this has an operator new that fails on demand: the nth
// allocation from now on that code of ours makes on this thread throws
// std::bad_alloc, and those after it succeed again.
//
//   FailAllocation(3);
//   EXPECT_THROW(Build(), std::bad_alloc);
//
// What counts as ours is told by the call stack: the first frame that belongs
// neither to the standard library nor to Abseil has to be in namespace gather.
// gRPC and Protobuf, and what they call, do not survive exceptions.
//
// 0 is none.
void FailAllocation(int n);

// How many have failed. Thread: any.
int FailedAllocations();
// The function in which the last one was, mangled.
std::string LastFailedAllocation();

}  // namespace gather::testing

#endif  // GATHER_TESTS_SUPPORT_FAILING_NEW_H_
