#ifndef GATHER_CLIENT_TOUR_REPORT_H_
#define GATHER_CLIENT_TOUR_REPORT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/svg.h"
#include "server/async/clock.h"

namespace gather::client::tour {

using async::Clock;

// A call, or other work, as it was measured.
struct Span {
  std::string name;
  Clock::time_point start{};
  Clock::time_point end{};
  absl::Status status = absl::OkStatus();
  bool in_flight = false;  // had not ended by `end`

  Clock::duration length() const { return end - start; }
};

// From the first start to the last end.
Clock::duration Total(const std::vector<Span>& spans);
// What they would take one after the other.
Clock::duration Sum(const std::vector<Span>& spans);
// All of them were under way at the same time.
bool Overlap(const std::vector<Span>& spans);

// "1.5 s": for words.
std::string Say(Clock::duration duration);

// A number that was measured, for programs that read the tour.
struct Figure {
  std::string name;  // in snake_case, with the unit at the end
  double value = 0;
};

// What a chapter says that this machine has shown.
struct Claim {
  std::string text;
  bool holds = false;
};

// A way to make calls at the same time, as it compares with the others.
struct Cost {
  Clock::duration took{};  // the three calls
  // A thousand that wait, where that was tried.
  std::optional<Clock::duration> thousand_set_up;
  std::optional<int64_t> thousand_bytes;
};

// What came of a chapter: all that is shown of it, in whatever form.
struct Report {
  std::vector<SvgPanel> timelines;  // on one axis
  std::vector<std::string> lines;   // more that was seen, ready to print
  std::vector<Figure> figures;
  std::vector<Claim> claims;
  std::optional<Cost> cost;

  bool holds() const;
  absl::Duration axis() const;  // of the timelines

  // Draws a timeline of the spans, from the first start to the last end, and at
  // least as long as `axis`.
  void Draw(const std::vector<Span>& spans, const std::string& title = "",
            absl::Duration axis = absl::ZeroDuration());
  void Measured(const std::string& name, Clock::duration duration);  // in ms
  void Measured(const std::string& name, double value);
  void Says(const std::string& text, bool holds);
};

// Draws spans of calls that ran at the same time, and says what that shows:
// all three under way at once, and the longest counts instead of the sum.
void SayConcurrent(const std::vector<Span>& spans, Report& report);

}  // namespace gather::client::tour

#endif  // GATHER_CLIENT_TOUR_REPORT_H_
