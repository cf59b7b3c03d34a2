#include "client/bar.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/time/time.h"

namespace gather::client {
namespace {

// A cell filled from the left, by eighths.
constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};

// Where `time` is on an axis that is 1 long.
double Place(absl::Duration time, absl::Duration axis) {
  if (axis <= absl::ZeroDuration() || time <= absl::ZeroDuration()) return 0;
  if (time >= axis) return 1;
  return absl::FDivDuration(time, axis);
}

}  // namespace

Bar MakeBar(absl::Duration start, absl::Duration duration, absl::Duration axis,
            int columns, bool ascii) {
  // Only the right end of a cell can be drawn in parts, so a bar starts with a
  // whole cell.
  const int steps = ascii ? 1 : 8;
  const double begin = Place(start, axis);
  const double end = Place(start + duration, axis);
  Bar bar;
  bar.before =
      std::min(static_cast<int>(std::lround(begin * columns)), columns - 1);
  const int length =
      std::max(1, static_cast<int>(std::lround(end * columns * steps)) -
                      bar.before * steps);
  for (int cell = 0; cell < length / steps; ++cell) {
    bar.drawn += ascii ? "#" : kEighths[8];
  }
  bar.drawn += kEighths[length % steps];
  bar.after = columns - bar.before - (length + steps - 1) / steps;
  return bar;
}

}  // namespace gather::client
