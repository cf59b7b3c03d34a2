#ifndef GATHER_CLIENT_BAR_H_
#define GATHER_CLIENT_BAR_H_

#include <string>

#include "absl/time/time.h"

namespace gather::client {

// A bar on a row of `columns` cells: so many free cells, the bar, free cells.
struct Bar {
  int before = 0;
  std::string drawn;  // UTF-8
  int after = 0;
};

// The bar of something that began `start` after the axis did and took
// `duration`, on an axis of length `axis`. The cells always add up to
// `columns`, which is at least 1; what lies outside the axis is cut off, and
// what is too short to see is drawn as the thinnest bar there is.
Bar MakeBar(absl::Duration start, absl::Duration duration, absl::Duration axis,
            int columns, bool ascii);

}  // namespace gather::client

#endif  // GATHER_CLIENT_BAR_H_
