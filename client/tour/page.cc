#include "client/tour/page.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/row.h"
#include "client/svg.h"
#include "client/text.h"
#include "client/tour/snippets.h"

namespace gather::client::tour {
namespace {

// EscapeXml shows line ends as well.
std::string Lines(std::string_view text) {
  return absl::StrJoin(absl::StrSplit(std::string(text), '\n'), "\n",
                       [](std::string* out, const auto& line) {
                         out->append(EscapeXml(std::string(line)));
                       });
}

std::string Code(const char* language, const std::string& text) {
  return absl::StrCat("<figure><figcaption>", language,
                      "</figcaption><pre><code>", Lines(text),
                      "</code></pre></figure>\n");
}

std::string ClaimItem(const Claim& claim) {
  return absl::StrFormat(
      "<li class=\"%s\"><span class=\"mark\">%s</span>%s%s</li>\n",
      claim.holds ? "holds" : "fails", claim.holds ? "✓" : "✗",
      EscapeXml(claim.text),
      claim.holds ? "" : " <em>(does not hold here, at this time)</em>");
}

std::string Seen(const Report& report) {
  if (report.lines.empty()) return "";
  return absl::StrCat("<pre>", Lines(absl::StrJoin(report.lines, "\n")),
                      "</pre>\n");
}

std::string Figures(const Report& report) {
  if (report.figures.empty()) return "";
  std::string out =
      "<details><summary class=\"dim\">What was measured</summary>"
      "<div class=\"scroll\"><table>\n";
  for (const Figure& figure : report.figures) {
    absl::StrAppend(&out, "<tr><td>", EscapeXml(figure.name), "</td><td>",
                    absl::StrFormat("%.10g", figure.value), "</td></tr>\n");
  }
  return out + "</table></div></details>\n";
}

std::string Section(const Chapter& chapter, const Report& report) {
  std::string out = absl::StrFormat(
      "<section id=\"%s\">\n<h2>%s</h2>\n<p>%s</p>\n<div class=\"codes\">\n",
      chapter.name, EscapeXml(absl::StrCat(chapter.name, ": ", chapter.title)),
      EscapeXml(chapter.idea));
  absl::StrAppend(
      &out,
      Code(EscapeXml(absl::StrCat("Python: ", chapter.word)).c_str(),
           chapter.python),
      Code("C++, here", chapter.code), "</div>\n");
  if (!report.timelines.empty()) {
    absl::StrAppend(&out, "<div class=\"timeline\">\n",
                    RenderInlineSvg(report.timelines,
                                    absl::StrCat("Timeline: ", chapter.title)),
                    "</div>\n");
  }
  absl::StrAppend(&out, Seen(report), "<ul>\n");
  for (const Claim& claim : report.claims) {
    absl::StrAppend(&out, ClaimItem(claim));
  }
  return absl::StrCat(out, "</ul>\n", Figures(report), "</section>\n");
}

std::string TableOf(const Table& table) {
  if (table.empty()) return "";
  std::string out =
      "<section id=\"comparison\">\n<h2>What each way took</h2>\n"
      "<div class=\"scroll\"><table>\n";
  const char* cell = "th";
  for (const auto& row : table) {
    out += "<tr>";
    for (const std::string& text : row) {
      absl::StrAppend(&out, "<", cell, ">", EscapeXml(text), "</", cell, ">");
    }
    out += "</tr>\n";
    cell = "td";
  }
  return out + "</table></div></section>\n";
}

// One bar of each kind.
std::string Legend() {
  const auto row = [](const char* name, Outcome outcome) {
    Row bar;
    bar.name = name;
    bar.outcome = outcome;
    bar.called = true;
    bar.duration = absl::Milliseconds(1);
    return bar;
  };
  return absl::StrCat(
      "<details><summary class=\"dim\">How to read the bars</summary>",
      RenderInlineSvg(
          {{"",
            {row("answered", Outcome::kOk), row("crossed", Outcome::kFailed),
             row("striped", Outcome::kCancelled),
             row("dashed, empty", Outcome::kInFlight)},
            absl::Milliseconds(1)}},
          "One bar of each kind"),
      "</details>\n");
}

}  // namespace

std::string RenderPage(const std::vector<Told>& chapters, double scale) {
  std::string out = absl::StrCat(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n"
      // Else a browser would ask for /favicon.ico.
      "<link rel=\"icon\" href=\"data:,\">\n"
      "<title>Gather: a tour of concurrency</title>\n<style>\n",
      kPageStyle, "</style>\n</head>\n<body>\n", SvgDefinitions(),
      "<h1>A tour of concurrency</h1>\n<p class=\"dim\">");
  absl::StrAppendFormat(
      &out,
      "Measured by <code>gatherctl tour --scale=%g --html</code>, over real "
      "RPCs, with %s. The backends take %g, %g and %g s.</p>\n<nav>\n",
      scale, MachineLoad(), 2 * scale, 1.5 * scale, scale);
  for (const auto& [chapter, report] : chapters) {
    absl::StrAppendFormat(&out, "<a href=\"#%s\">%s</a>\n", chapter.name,
                          chapter.name);
  }
  absl::StrAppend(&out, "</nav>\n", Legend());
  for (const auto& [chapter, report] : chapters) {
    absl::StrAppend(&out, Section(chapter, report));
  }
  return absl::StrCat(out, TableOf(CompareWays(chapters)),
                      "</body>\n</html>\n");
}

}  // namespace gather::client::tour
