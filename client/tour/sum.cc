#include "client/tour/sum.h"

namespace gather::client::tour {

uint64_t SumOf(int64_t first, int64_t last) {
  uint64_t sum = 0;
  for (int64_t i = first; i < last; ++i) {
    // splitmix64's finish, which no compiler knows a formula for.
    uint64_t x = static_cast<uint64_t>(i) + 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    sum += x ^ (x >> 31);
  }
  return sum;
}

}  // namespace gather::client::tour
