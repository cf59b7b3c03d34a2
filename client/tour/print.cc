#include "client/tour/print.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "client/text.h"
#include "server/ops/log/log_escape.h"

namespace gather::client::tour {
namespace {

std::string Quoted(const std::string& text) {
  std::string out;
  ops::AppendJsonString(out, text);
  return out;
}

const char* Bool(bool value) { return value ? "true" : "false"; }

// One element after the other, with what `make` makes of each.
template <typename Element, typename Make>
std::string List(const std::vector<Element>& elements, Make make) {
  std::string out;
  for (const Element& element : elements) {
    absl::StrAppend(&out, out.empty() ? "" : ",", make(element));
  }
  return out;
}

std::string LaneJson(const Row& row) {
  return absl::StrFormat(
      R"({"name":%s,"ok":%s,"start_ms":%.3f,"duration_ms":%.3f})",
      Quoted(row.name), Bool(row.outcome == Outcome::kOk),
      absl::ToDoubleMilliseconds(row.start),
      absl::ToDoubleMilliseconds(row.duration));
}

std::string Wrapped(const std::string& mark, const std::string& text,
                    int width) {
  std::string out;
  for (const std::string& line : Wrap(text, std::max(width, 40) - 4)) {
    absl::StrAppend(&out, out.empty() ? absl::StrCat("  ", mark, " ") : "    ",
                    line, "\n");
  }
  return out;
}

std::string Mark(bool holds, const WaterfallOptions& options) {
  const char* const mark =
      options.ascii ? (holds ? "+" : "x") : (holds ? "✓" : "✗");
  if (!options.colour) return mark;
  return absl::StrCat("\x1b[", holds ? "32" : "31", "m", mark, "\x1b[0m");
}

}  // namespace

std::string HeadingText(const Chapter& chapter,
                        const WaterfallOptions& options) {
  const std::string title = absl::StrCat(chapter.name, ": ", chapter.title);
  return absl::StrCat(
      options.colour ? absl::StrCat("\x1b[1m", title, "\x1b[0m\n")
                     : title + "\n",
      Wrapped(" ", chapter.idea, options.width),
      Wrapped(" ", absl::StrCat("In Python: ", chapter.word), options.width));
}

std::string ReportText(const Report& report, const WaterfallOptions& options) {
  std::string out;
  WaterfallOptions indented = options;
  indented.width -= 2;
  for (const SvgPanel& timeline : report.timelines) {
    if (!timeline.title.empty()) absl::StrAppend(&out, timeline.title, ":\n");
    const std::string rows = RenderRows(timeline.rows, report.axis(), indented);
    absl::StrAppend(&out, rows);
  }
  for (const std::string& line : report.lines) {
    absl::StrAppend(&out, Wrapped(" ", line, options.width));
  }
  for (const Claim& claim : report.claims) {
    absl::StrAppend(
        &out, Wrapped(Mark(claim.holds, options), claim.text, options.width));
  }
  if (!report.holds()) {
    absl::StrAppend(&out,
                    "  This does not hold on this machine, at this time: ",
                    MachineLoad(), ".\n");
  }
  return out + "\n";
}

std::string TableText(const Table& table) {
  std::vector<int> widths(table.empty() ? 0 : table[0].size());
  for (const auto& row : table) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(row[i]));
    }
  }
  std::string out;
  for (const auto& row : table) {
    std::string line = "  " + PadRight(row[0], widths[0]);
    for (std::size_t i = 1; i < row.size(); ++i) {
      absl::StrAppend(&line, "  ", PadLeft(row[i], widths[i]));
    }
    absl::StrAppend(&out, line, "\n");
  }
  return out;
}

std::string ToJson(const Chapter& chapter, const Report& report) {
  const std::string figures = List(report.figures, [](const Figure& figure) {
    return absl::StrFormat("%s:%.3f", Quoted(figure.name), figure.value);
  });
  const std::string claims = List(report.claims, [](const Claim& claim) {
    return absl::StrCat("{\"text\":", Quoted(claim.text),
                        ",\"holds\":", Bool(claim.holds), "}");
  });
  std::vector<Row> lanes;
  for (const SvgPanel& timeline : report.timelines) {
    lanes.insert(lanes.end(), timeline.rows.begin(), timeline.rows.end());
  }
  return absl::StrCat("{\"name\":", Quoted(chapter.name),
                      ",\"holds\":", Bool(report.holds()), ",\"figures\":{",
                      figures, "},\"claims\":[", claims, "],\"lanes\":[",
                      List(lanes, LaneJson), "]}");
}

}  // namespace gather::client::tour
