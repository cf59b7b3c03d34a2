#ifndef GATHER_CLIENT_TOUR_CROWD_H_
#define GATHER_CLIENT_TOUR_CROWD_H_

#include <cstdint>
#include <string>

#include "client/tour/report.h"

namespace gather::client::tour {

inline constexpr int kCrowd = 1000;

// What it costs to have so many calls wait for a backend that does not answer.
struct CrowdCost {
  int64_t waiting = 0;  // calls that the backend had in flight at once
  Clock::duration set_up{};
  // What the process grew by, with both ends of every call in it.
  int64_t resident_bytes = 0;
  int64_t address_bytes = 0;
};

// Each call in a thread, or in a coroutine of one loop.
CrowdCost MeasureThreads(int calls);
CrowdCost MeasureCoroutines(int calls);

// "1,000 waiting threads: 45 MB of memory, 8.2 GB of addresses, in 90 ms".
std::string Say(const char* what, const CrowdCost& cost);

}  // namespace gather::client::tour

#endif  // GATHER_CLIENT_TOUR_CROWD_H_
