#ifndef GATHER_CLIENT_TOUR_COMPARISON_H_
#define GATHER_CLIENT_TOUR_COMPARISON_H_

#include <string>
#include <utility>
#include <vector>

#include "client/tour/chapters.h"
#include "client/tour/report.h"

namespace gather::client::tour {

// A chapter, and what came of it.
using Told = std::pair<Chapter, Report>;

// A table, ready to be laid out: the first row says what the columns are.
using Table = std::vector<std::vector<std::string>>;

// What each way to make three calls took, and a thousand. Empty where fewer
// than two ways were tried.
Table CompareWays(const std::vector<Told>& chapters);

// What the machine had to do besides: "load 0.3 on 2 cores".
std::string MachineLoad();

}  // namespace gather::client::tour

#endif  // GATHER_CLIENT_TOUR_COMPARISON_H_
