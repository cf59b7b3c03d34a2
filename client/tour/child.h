#ifndef GATHER_CLIENT_TOUR_CHILD_H_
#define GATHER_CLIENT_TOUR_CHILD_H_

#include <cstdint>
#include <string>
#include <vector>

#include "client/tour/report.h"

namespace gather::client::tour {

// What a program did, from its start to its end.
struct Ran {
  Span span;  // not OK where it could not start, or did not exit with 0
  std::string output;
  Clock::duration cpu_time{};
  int64_t peak_resident_bytes = 0;
};

// Runs a program with these arguments, the name included, and waits for it:
// posix_spawn, not a mere fork, which would share memory and, in a process with
// threads, their locks. A name without a slash is looked for in $PATH. Its
// stderr goes with its stdout.
Ran RunProgram(const std::string& name,
               const std::vector<std::string>& arguments);

// The same for this program itself.
Ran RunSelf(const std::string& name, const std::vector<std::string>& arguments);

}  // namespace gather::client::tour

#endif  // GATHER_CLIENT_TOUR_CHILD_H_
