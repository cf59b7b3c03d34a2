// One blocking call after the other, on one thread.

#include <vector>

#include "absl/strings/str_cat.h"
#include "client/tour/backends.h"
#include "client/tour/calls.h"
#include "client/tour/chapters.h"

namespace gather::client::tour {

Report RunSequential(double scale) {
  const Backends backends(scale);
  std::vector<Span> spans;
  // tour: begin
  for (const Section section : kSections) {
    spans.push_back(CallAndBlock(backends, section));
  }
  // tour: end

  Report report;
  report.Draw(spans);
  report.cost.emplace().took = Total(spans);
  report.Measured("total", Total(spans));
  report.Measured("sum", Sum(spans));
  report.Says("no call began before the last had ended",
              spans[0].end <= spans[1].start && spans[1].end <= spans[2].start);
  report.Says(absl::StrCat("the total is the sum of the three: ",
                           Say(Total(spans)), " of ", Say(Sum(spans))),
              Total(spans) >= Sum(spans));
  return report;
}

}  // namespace gather::client::tour
