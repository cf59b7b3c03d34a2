#ifndef GATHER_CLIENT_TOUR_TOUR_H_
#define GATHER_CLIENT_TOUR_TOUR_H_

#include <string>
#include <vector>

namespace gather::client {

// `gatherctl tour`: runs every chapter, or --chapter, and prints what was
// measured; --list names them. Needs nothing else to run: its backends live in
// this process. kFailed where a chapter's claim does not hold on this machine.
int RunTour(const std::vector<std::string>& arguments);

}  // namespace gather::client

#endif  // GATHER_CLIENT_TOUR_TOUR_H_
