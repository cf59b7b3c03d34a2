#ifndef GATHER_CLIENT_TOUR_BACK_PRESSURE_H_
#define GATHER_CLIENT_TOUR_BACK_PRESSURE_H_

#include <cstddef>
#include <vector>

#include "client/tour/report.h"

namespace gather::client::tour {

// A producer that is faster than its consumer, with a bounded queue between
// them.
struct BackPressure {
  std::size_t capacity = 0;  // of the queue
  std::vector<Span> pushes;  // how long each item waited for its place
  std::vector<Clock::time_point> taken;  // when each was taken out

  // No item had a place before one that made room was taken.
  bool held_the_producer_back() const;
};

BackPressure MeasureBackPressure(double scale);

}  // namespace gather::client::tour

#endif  // GATHER_CLIENT_TOUR_BACK_PRESSURE_H_
