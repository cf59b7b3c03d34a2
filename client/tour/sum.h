#ifndef GATHER_CLIENT_TOUR_SUM_H_
#define GATHER_CLIENT_TOUR_SUM_H_

#include <cstdint>

namespace gather::client::tour {

// The sum of a scrambled number for each from `first` up to, but not with,
// `last`: work for a CPU, which can be done in parts. Overflow wraps around.
uint64_t SumOf(int64_t first, int64_t last);

}  // namespace gather::client::tour

#endif  // GATHER_CLIENT_TOUR_SUM_H_
