#include "client/svg.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "client/command.h"
#include "client/format.h"
#include "client/text.h"

ABSL_FLAG(std::string, svg, "",
          "Of overview and tour: a file to draw the timeline to, as an SVG "
          "image.");

namespace gather::client {
namespace {

// In pixels. Across, bars are placed in per cent, so that a drawing fills what
// room it is given and its text keeps its size.
constexpr int kWidth = 760;
constexpr int kMargin = 16;
constexpr int kTitleHeight = 26;
constexpr int kTextHeight = 14;
constexpr int kBarHeight = 12;
constexpr int kRowHeight = 38;
constexpr int kAttemptHeight = 22;
constexpr int kThinBarHeight = 4;
constexpr int kGap = 10;
constexpr int kAxisHeight = 24;
constexpr int kMaxTicks = 5;

constexpr char kStyle[] =
    "<style>"
    ".gather text{font:13px sans-serif;fill:#24292f}"
    ".gather .t{font-weight:bold}.gather .d{fill:#57606a}"
    ".gather .g{stroke:#6e778155}.gather .ok{fill:#1f883d}"
    ".gather .stale{fill:url(#g-stale);stroke:#1f883d}"
    ".gather .failed{fill:url(#g-failed);stroke:#cf222e}"
    ".gather .cancelled{fill:url(#g-cancelled);stroke:#57606a}"
    ".gather .in-flight{fill:none;stroke:#0969da;stroke-dasharray:5 3}"
    ".gather .unknown{fill:#8c959f}"
    "#g-stale path{stroke:#1f883d;stroke-width:2}"
    "#g-failed path{stroke:#cf222e;stroke-width:1.6}"
    "#g-cancelled path{stroke:#57606a;stroke-width:2}"
    "@media(prefers-color-scheme:dark){"
    ".gather text{fill:#e6edf3}.gather .d{fill:#9da7b3}"
    ".gather .ok{fill:#3fb950}.gather .stale{stroke:#3fb950}"
    ".gather .failed{stroke:#ff7b72}#g-stale path{stroke:#3fb950}"
    ".gather .cancelled{stroke:#9da7b3}.gather .in-flight{stroke:#58a6ff}"
    "#g-failed path{stroke:#ff7b72}#g-cancelled path{stroke:#9da7b3}}"
    "</style>";

constexpr char kHatchings[] =
    "<defs>"
    "<pattern id=\"g-failed\" width=\"6\" height=\"6\" "
    "patternUnits=\"userSpaceOnUse\"><path d=\"M0 0L6 6M6 0L0 6\"/></pattern>"
    "<pattern id=\"g-stale\" width=\"6\" height=\"6\" "
    "patternUnits=\"userSpaceOnUse\"><path d=\"M0 1H6\"/></pattern>"
    "<pattern id=\"g-cancelled\" width=\"6\" height=\"6\" "
    "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
    "<path d=\"M1 0V6\"/></pattern>"
    "</defs>\n";

// `word` is what is said beside the bar's time.
struct Look {
  const char* style;
  const char* word;
};

Look LookOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk:
      return {"ok", ""};
    case Outcome::kStale:
      return {"stale", "stale"};
    case Outcome::kFailed:
      return {"failed", "failed"};
    case Outcome::kCancelled:
      return {"cancelled", "cancelled"};
    case Outcome::kInFlight:
      return {"in-flight", "in flight"};
    case Outcome::kNotRequested:
    case Outcome::kUnknown:
    case Outcome::kAbsent:
      break;
  }
  return {"unknown", "unknown"};
}

absl::Duration AxisOf(const std::vector<SvgPanel>& panels) {
  absl::Duration axis = absl::Milliseconds(1);
  for (const SvgPanel& panel : panels) {
    axis = std::max(axis, panel.total);
    for (const Row& row : panel.rows) {
      axis = std::max(axis, row.start + row.duration);
    }
  }
  return axis;
}

// The least of 1, 2 or 5 times a power of ten that makes few ticks.
absl::Duration TickStep(absl::Duration axis) {
  const double least = absl::ToDoubleSeconds(axis) / kMaxTicks;
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= least) return absl::Seconds(factor * power);
  }
  return absl::Seconds(10 * power);
}

std::string TickLabel(absl::Duration time) {
  const double ms = absl::ToDoubleMilliseconds(time);
  if (ms == 0) return "0";
  return ms < 1000 ? absl::StrFormat("%g ms", ms)
                   : absl::StrFormat("%g s", ms / 1000);
}

class Drawing {
 public:
  explicit Drawing(absl::Duration axis) : axis_(axis) {}

  void Add(const SvgPanel& panel) {
    if (!panel.title.empty()) {
      Text("0", top_ + kTextHeight, "t", "", panel.title);
      top_ += kTitleHeight;
    }
    for (const Row& row : panel.rows) AddRow(row);
    top_ += kGap;
  }

  // Lines at round times, behind the bars, with the time below each.
  std::string Grid() const {
    std::string out;
    const absl::Duration step = TickStep(axis_);
    // Not a sum of steps, which would add up what rounding leaves.
    for (int i = 0; step * i <= axis_; ++i) {
      const double x = Place(step * i);
      // The last one's text is not to reach past the edge.
      const char* anchor = i == 0 ? "start" : x > 90 ? "end" : "middle";
      absl::StrAppendFormat(
          &out,
          "<line x1=\"%.4g%%\" x2=\"%.4g%%\" y1=\"0\" y2=\"%d\" class=\"g\"/>"
          "<text x=\"%.4g%%\" y=\"%d\" class=\"d\" text-anchor=\"%s\">%s</text>"
          "\n",
          x, x, top_, x, top_ + 15, anchor, TickLabel(step * i));
    }
    return out;
  }

  std::string content() const { return Grid() + out_; }
  int height() const { return top_ + kAxisHeight; }

 private:
  void Text(const char* x, int y, const char* style, const char* more,
            const std::string& text) {
    absl::StrAppendFormat(&out_,
                          "<text x=\"%s\" y=\"%d\" class=\"%s\"%s>%s</text>\n",
                          x, y, style, more, EscapeXml(text));
  }

  // In per cent.
  double Place(absl::Duration time) const {
    return std::clamp(absl::FDivDuration(time, axis_), 0.0, 1.0) * 100;
  }

  void AddRow(const Row& row) {
    const Look look = LookOf(row.outcome);
    Text("0", top_ + kTextHeight, "n", "", row.name);
    if (row.called) {
      const std::string word = *look.word == '\0' ? "" : ", ";
      Text("100%", top_ + kTextHeight, "d", " text-anchor=\"end\"",
           absl::StrCat(FormatTime(row.duration), word, look.word));
      AddBar(row.start, row.duration, top_ + kTextHeight + 5, kBarHeight,
             look.style, row.summary);
    }
    top_ += kRowHeight;
    for (const AttemptRow& attempt : row.attempts) AddAttempt(attempt);
  }

  void AddAttempt(const AttemptRow& attempt) {
    Text("12", top_ + kTextHeight, "d", "", attempt.kind);
    Text("100%", top_ + kTextHeight, "d", " text-anchor=\"end\"",
         FormatTime(attempt.duration));
    AddBar(attempt.start, attempt.duration, top_ + kTextHeight + 3,
           kThinBarHeight, "unknown", attempt.summary);
    top_ += kAttemptHeight;
  }

  void AddBar(absl::Duration start, absl::Duration duration, int y, int height,
              const char* style, const std::string& summary) {
    const double left = Place(start);
    absl::StrAppendFormat(
        &out_,
        "<rect x=\"%.2f%%\" y=\"%d\" width=\"%.2f%%\" height=\"%d\" rx=\"2\" "
        "class=\"%s\"><title>%s</title></rect>\n",
        left, y, std::max(Place(start + duration) - left, 0.2), height, style,
        EscapeXml(summary));
  }

  const absl::Duration axis_;
  int top_ = 0;
  std::string out_;
};

Drawing Draw(const std::vector<SvgPanel>& panels) {
  Drawing drawing(AxisOf(panels));
  for (const SvgPanel& panel : panels) drawing.Add(panel);
  return drawing;
}

}  // namespace

std::string RenderSvg(const std::vector<SvgPanel>& panels) {
  const Drawing drawing = Draw(panels);
  const int height = drawing.height() + 2 * kMargin;
  return absl::StrFormat(
             "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"gather\" "
             "width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n",
             kWidth, height, kWidth, height) +
         kStyle + kHatchings +
         absl::StrFormat("<svg x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\">\n",
                         kMargin, kMargin, kWidth - 2 * kMargin,
                         drawing.height()) +
         drawing.content() + "</svg></svg>\n";
}

std::string RenderInlineSvg(const std::vector<SvgPanel>& panels,
                            std::string_view label) {
  const Drawing drawing = Draw(panels);
  return absl::StrFormat(
             "<svg class=\"gather\" width=\"100%%\" height=\"%d\" "
             "role=\"img\" aria-label=\"%s\">\n",
             drawing.height(), EscapeXml(label)) +
         drawing.content() + "</svg>\n";
}

std::string SvgDefinitions() {
  return absl::StrCat(
      "<svg width=\"0\" height=\"0\" style=\"position:absolute\" "
      "aria-hidden=\"true\">",
      kStyle, kHatchings, "</svg>\n");
}

int WriteFlagFile(std::string_view flag, const std::string& path,
                  const std::string& text, int exit_code) {
  errno = 0;
  std::ofstream file(path);
  file << text;
  file.close();
  if (!file.fail()) return exit_code;
  const std::string reason =
      errno == 0 ? "" : absl::StrCat(": ", std::strerror(errno));
  std::fputs(absl::StrCat("gatherctl: can't write --", std::string(flag), " ",
                          EscapeControl(path), reason, "\n")
                 .c_str(),
             stderr);
  return kFailed;
}

int WriteSvgFlag(const std::vector<SvgPanel>& panels, int exit_code) {
  const std::string path = absl::GetFlag(FLAGS_svg);
  if (path.empty()) return exit_code;
  return WriteFlagFile("svg", path, RenderSvg(panels), exit_code);
}

}  // namespace gather::client
