#ifndef GATHER_CLIENT_WATCH_H_
#define GATHER_CLIENT_WATCH_H_

#include <string>
#include <vector>

namespace gather::client {

// `gatherctl watch USER`: calls StreamOverview and shows each section as it
// lands. On a terminal the bars grow meanwhile; elsewhere each section is a
// line of its own, or, with --output=json, each message. Exits as overview
// does.
int RunWatch(const std::vector<std::string>& arguments);

}  // namespace gather::client

#endif  // GATHER_CLIENT_WATCH_H_
