#include "client/tour/tour.h"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "client/call.h"
#include "client/command.h"
#include "client/flags.h"
#include "client/svg.h"
#include "client/terminal.h"
#include "client/text.h"
#include "client/tour/chapters.h"
#include "client/tour/comparison.h"
#include "client/tour/page.h"
#include "client/tour/print.h"
#include "client/tour/sum.h"
#include "server/ops/flags/parse_flags.h"
#include "server/ops/process.h"

ABSL_FLAG(std::vector<std::string>, chapter, {},
          "Only these chapters of the tour, separated by commas; --list names "
          "them. Empty means all.");
ABSL_FLAG(bool, list, false, "Name the tour's chapters and end.");
ABSL_FLAG(double, scale, 1,
          "How long the tour's backends take: 1 is 2 s, 1.5 s and 1 s; from "
          "0.01 to 10.");
ABSL_FLAG(std::string, html, "",
          "A file to write the tour to, as a page that needs nothing else.");
ABSL_FLAG(std::string, sum, "",
          "FIRST,LAST: print a sum and end. What the tour's CPU chapter starts "
          "its processes for.");

namespace gather::client {
namespace {

using tour::Chapter;
using tour::Report;

std::string NamesOfChapters() {
  std::string out;
  for (const Chapter& chapter : tour::Chapters()) {
    absl::StrAppend(&out, out.empty() ? "" : ", ", chapter.name);
  }
  return out;
}

int List() {
  std::string out;
  for (const Chapter& chapter : tour::Chapters()) {
    absl::StrAppend(&out, PadRight(chapter.name, 17), "  ", chapter.title,
                    "\n");
  }
  return PrintText(out, kComplete);
}

int PrintSum(const std::string& range) {
  const std::vector<std::string> ends = absl::StrSplit(range, ',');
  int64_t first = 0;
  int64_t last = 0;
  if (ends.size() != 2 || !absl::SimpleAtoi(ends[0], &first) ||
      !absl::SimpleAtoi(ends[1], &last)) {
    return ops::ReportBadUsage("--sum: must be FIRST,LAST");
  }
  return PrintText(absl::StrCat(tour::SumOf(first, last), "\n"), kComplete);
}

absl::StatusOr<std::vector<Chapter>> ChosenChapters() {
  const auto all = tour::Chapters();
  std::vector<Chapter> chosen;
  for (const std::string& name : absl::GetFlag(FLAGS_chapter)) {
    const auto found = std::find_if(
        all.begin(), all.end(),
        [&](const Chapter& chapter) { return chapter.name == name; });
    if (found == all.end()) {
      return ops::FlagError(
          "chapter", absl::StrCat("'", EscapeControl(name), "' is none of ",
                                  NamesOfChapters()));
    }
    chosen.push_back(*found);
  }
  if (chosen.empty()) chosen.assign(all.begin(), all.end());
  return chosen;
}

// A chapter that could not be run at all claims nothing that holds.
Report RunChapter(const Chapter& chapter, double scale) {
  try {
    return chapter.run(scale);
  } catch (const std::exception& error) {
    Report report;
    report.Says(absl::StrCat("could be run: ", error.what()), false);
    return report;
  }
}

// What the chapters came to, printed as they begin and end.
class Printer {
 public:
  Printer() : json_(absl::GetFlag(FLAGS_output) == OutputFormat::kJson) {}

  int Begin(double scale) {
    if (!json_) return kComplete;
    return PrintText(absl::StrFormat("{\"scale\":%g,\"chapters\":[\n", scale),
                     kComplete);
  }
  int Announce(const Chapter& chapter) {
    if (json_) return kComplete;
    return PrintText(tour::HeadingText(chapter, OptionsForStdout()), kComplete);
  }
  int Add(const Chapter& chapter, const Report& report) {
    holds_ = holds_ && report.holds();
    const std::string separator = std::exchange(first_, false) ? "" : ",\n";
    return PrintText(json_ ? separator + tour::ToJson(chapter, report)
                           : tour::ReportText(report, OptionsForStdout()),
                     kComplete);
  }
  int End(const tour::Table& comparison) {
    const int exit_code = holds_ ? kComplete : kFailed;
    if (!json_) {
      return comparison.empty()
                 ? exit_code
                 : PrintText(tour::TableText(comparison), exit_code);
    }
    return PrintText(
        absl::StrCat("\n],\"holds\":", holds_ ? "true" : "false", "}\n"),
        exit_code);
  }

 private:
  const bool json_;
  bool first_ = true;
  bool holds_ = true;
};

// Draws what was told to --svg and --html, where they are set.
int WriteFiles(const std::vector<tour::Told>& told, double scale,
               int exit_code) {
  std::vector<SvgPanel> panels;
  for (const auto& [chapter, report] : told) {
    for (const SvgPanel& timeline : report.timelines) {
      panels.push_back(timeline);
      panels.back().title =
          absl::StrCat(chapter.name, ": ",
                       timeline.title.empty() ? chapter.title : timeline.title);
    }
  }
  exit_code = WriteSvgFlag(panels, exit_code);
  const std::string page = absl::GetFlag(FLAGS_html);
  if (page.empty()) return exit_code;
  return WriteFlagFile("html", page, tour::RenderPage(told, scale), exit_code);
}

int RunChapters(const std::vector<Chapter>& chapters, double scale) {
  Printer printer;
  int printed = printer.Begin(scale);
  std::vector<tour::Told> told;
  for (const Chapter& chapter : chapters) {
    if (printed == kComplete) printed = printer.Announce(chapter);
    if (printed != kComplete) return printed;
    told.emplace_back(chapter, RunChapter(chapter, scale));
    printed = printer.Add(chapter, told.back().second);
  }
  if (printed != kComplete) return printed;
  return WriteFiles(told, scale, printer.End(tour::CompareWays(told)));
}

}  // namespace

int RunTour(const std::vector<std::string>&) {
  if (absl::GetFlag(FLAGS_list)) return List();
  const std::string sum = absl::GetFlag(FLAGS_sum);
  if (!sum.empty()) return PrintSum(sum);
  const double scale = absl::GetFlag(FLAGS_scale);
  absl::Status checked = ops::CheckFlagRange("scale", scale, 0.01, 10.0);
  const auto chapters = ChosenChapters();
  checked.Update(chapters.status());
  if (!checked.ok()) return ops::ReportBadUsage(std::string(checked.message()));
  ops::PrepareProcess();
  return RunChapters(*chapters, scale);
}

}  // namespace gather::client
