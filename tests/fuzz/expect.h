#ifndef GATHER_TESTS_FUZZ_EXPECT_H_
#define GATHER_TESTS_FUZZ_EXPECT_H_

#include <cstdio>
#include <cstdlib>

// Ends the process where something that must hold for every input does not: so
// libFuzzer knows that the input is worth keeping.
#define GATHER_EXPECT(condition)                                             \
  do {                                                                       \
    if (!(condition)) {                                                      \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, \
                   #condition);                                              \
      std::abort();                                                          \
    }                                                                        \
  } while (false)

#endif  // GATHER_TESTS_FUZZ_EXPECT_H_
