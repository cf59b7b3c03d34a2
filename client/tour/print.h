#ifndef GATHER_CLIENT_TOUR_PRINT_H_
#define GATHER_CLIENT_TOUR_PRINT_H_

#include <string>

#include "client/tour/chapters.h"
#include "client/tour/report.h"
#include "client/waterfall.h"

namespace gather::client::tour {

// A chapter for people: its title, the timeline, what was seen, and a tick or a
// cross for each claim.
std::string ToText(const Chapter& chapter, const Report& report,
                   const WaterfallOptions& options);

// A chapter for programs, as a JSON object: name, holds, figures, claims, and
// the timeline's lanes in milliseconds.
std::string ToJson(const Chapter& chapter, const Report& report);

}  // namespace gather::client::tour

#endif  // GATHER_CLIENT_TOUR_PRINT_H_
