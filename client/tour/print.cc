#include "client/tour/print.h"

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

std::string ToText(const Chapter& chapter, const Report& report,
                   const WaterfallOptions& options) {
  const std::string title = absl::StrCat(chapter.name, ": ", chapter.title);
  std::string out = options.colour ? absl::StrCat("\x1b[1m", title, "\x1b[0m\n")
                                   : title + "\n";
  if (!report.lanes.empty()) {
    WaterfallOptions indented = options;
    indented.width -= 2;
    const std::string rows = RenderRows(report.lanes, report.axis, indented);
    absl::StrAppend(&out, rows);
  }
  for (const std::string& line : report.lines) {
    absl::StrAppend(&out, "    ", line, "\n");
  }
  for (const Claim& claim : report.claims) {
    absl::StrAppend(
        &out, Wrapped(Mark(claim.holds, options), claim.text, options.width));
  }
  if (!report.holds()) {
    out += "  This does not hold on this machine, at this time.\n";
  }
  return out + "\n";
}

std::string ToJson(const Chapter& chapter, const Report& report) {
  const std::string figures = List(report.figures, [](const Figure& figure) {
    return absl::StrFormat("%s:%.3f", Quoted(figure.name), figure.value);
  });
  const std::string claims = List(report.claims, [](const Claim& claim) {
    return absl::StrCat("{\"text\":", Quoted(claim.text),
                        ",\"holds\":", Bool(claim.holds), "}");
  });
  return absl::StrCat("{\"name\":", Quoted(chapter.name),
                      ",\"holds\":", Bool(report.holds()), ",\"figures\":{",
                      figures, "},\"claims\":[", claims, "],\"lanes\":[",
                      List(report.lanes, LaneJson), "]}");
}

}  // namespace gather::client::tour
