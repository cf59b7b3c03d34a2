#ifndef GATHER_CLIENT_TOUR_PRINT_H_
#define GATHER_CLIENT_TOUR_PRINT_H_

#include <string>

#include "client/tour/chapters.h"
#include "client/tour/comparison.h"
#include "client/tour/report.h"
#include "client/waterfall.h"

namespace gather::client::tour {

// What there is to say of a chapter before it has run: its title, the idea, and
// what Python calls it.
std::string HeadingText(const Chapter& chapter,
                        const WaterfallOptions& options);

// And after: the timelines, what was seen, and a tick or a cross for each
// claim.
std::string ReportText(const Report& report, const WaterfallOptions& options);

// The columns below each other, the first to the left, the others to the right.
std::string TableText(const Table& table);

// A chapter for programs, as a JSON object: name, holds, figures, claims, and
// the timelines' lanes in milliseconds.
std::string ToJson(const Chapter& chapter, const Report& report);

}  // namespace gather::client::tour

#endif  // GATHER_CLIENT_TOUR_PRINT_H_
