#ifndef GATHER_CLIENT_TOUR_PAGE_H_
#define GATHER_CLIENT_TOUR_PAGE_H_

#include <string>
#include <vector>

#include "client/tour/comparison.h"

namespace gather::client::tour {

// The tour as one HTML page, which asks nobody for anything: light or dark as
// the reader has it, and as wide as the screen. Each chapter has the idea,
// Python's line and ours side by side, the timelines that were measured, what
// was claimed, and the figures. A pure function, but for the machine's load.
std::string RenderPage(const std::vector<Told>& chapters, double scale);

}  // namespace gather::client::tour

#endif  // GATHER_CLIENT_TOUR_PAGE_H_
