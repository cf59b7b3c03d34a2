#include "client/tour/report.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/format.h"

namespace gather::client::tour {
namespace {

// Calls that run at the same time take 0.44 of their sum here where nothing
// else runs; the room is for a machine that is busy.
constexpr double kConcurrentShare = 0.75;

Clock::time_point Begin(const std::vector<Span>& spans) {
  return std::min_element(
             spans.begin(), spans.end(),
             [](const Span& a, const Span& b) { return a.start < b.start; })
      ->start;
}

Clock::time_point End(const std::vector<Span>& spans) {
  return std::max_element(
             spans.begin(), spans.end(),
             [](const Span& a, const Span& b) { return a.end < b.end; })
      ->end;
}

Outcome OutcomeOf(const Span& span) {
  if (span.in_flight) return Outcome::kInFlight;
  if (absl::IsCancelled(span.status)) return Outcome::kCancelled;
  return span.status.ok() ? Outcome::kOk : Outcome::kFailed;
}

}  // namespace

Clock::duration Total(const std::vector<Span>& spans) {
  return End(spans) - Begin(spans);
}

Clock::duration Sum(const std::vector<Span>& spans) {
  Clock::duration sum{};
  for (const Span& span : spans) sum += span.length();
  return sum;
}

bool Overlap(const std::vector<Span>& spans) {
  Clock::time_point last_start = spans[0].start;
  Clock::time_point first_end = spans[0].end;
  for (const Span& span : spans) {
    last_start = std::max(last_start, span.start);
    first_end = std::min(first_end, span.end);
  }
  return last_start < first_end;
}

std::string Say(Clock::duration duration) {
  return FormatTime(absl::FromChrono(duration));
}

bool Report::holds() const {
  return std::all_of(claims.begin(), claims.end(),
                     [](const Claim& claim) { return claim.holds; });
}

absl::Duration Report::axis() const {
  absl::Duration axis;
  for (const SvgPanel& timeline : timelines) {
    axis = std::max(axis, timeline.total);
  }
  return axis;
}

void Report::Draw(const std::vector<Span>& spans, const std::string& title,
                  absl::Duration axis) {
  const Clock::time_point zero = Begin(spans);
  SvgPanel& timeline = timelines.emplace_back();
  timeline.title = title;
  timeline.total = std::max(axis, absl::FromChrono(Total(spans)));
  for (const Span& span : spans) {
    Row row;
    row.name = span.name;
    row.outcome = OutcomeOf(span);
    row.called = true;
    row.start = absl::FromChrono(span.start - zero);
    row.duration = absl::FromChrono(span.length());
    if (!span.status.ok()) {
      row.summary = absl::StatusCodeToString(span.status.code());
    }
    timeline.rows.push_back(row);
  }
}

void Report::Measured(const std::string& name, Clock::duration duration) {
  Measured(name + "_ms",
           std::chrono::duration<double, std::milli>(duration).count());
}

void Report::Measured(const std::string& name, double value) {
  figures.push_back({name, value});
}

void Report::Says(const std::string& text, bool claim_holds) {
  claims.push_back({text, claim_holds});
}

void SayConcurrent(const std::vector<Span>& spans, Report& report) {
  const Clock::duration total = Total(spans);
  const Clock::duration sum = Sum(spans);
  report.Draw(spans);
  report.cost.emplace().took = total;
  report.Measured("total", total);
  report.Measured("sum", sum);
  report.Says("all were under way at the same time", Overlap(spans));
  report.Says(absl::StrCat("the total is that of the longest, ", Say(total),
                           ", and not the sum, ", Say(sum)),
              total < sum * kConcurrentShare);
  report.Says("every call was answered",
              std::all_of(spans.begin(), spans.end(),
                          [](const Span& span) { return span.status.ok(); }));
}

}  // namespace gather::client::tour
