#include "client/svg.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "client/command.h"
#include "client/format.h"
#include "client/text.h"

ABSL_FLAG(std::string, svg, "",
          "Of overview and tour: a file to draw the timeline to, as an SVG "
          "image.");

namespace gather::client {
namespace {

// In pixels.
constexpr int kWidth = 760;
constexpr int kMargin = 16;
constexpr int kMinNameWidth = 130;
constexpr int kMaxNameWidth = 300;
constexpr int kCharacterWidth = 8;
constexpr int kTimeWidth = 90;
constexpr int kTitleHeight = 30;
constexpr int kRowHeight = 24;
constexpr int kBarHeight = 14;
constexpr int kAttemptHeight = 16;
constexpr int kThinBarHeight = 5;
constexpr int kGap = 12;
constexpr int kAxisHeight = 24;

constexpr char kStyle[] =
    "<style>"
    "text{font:13px sans-serif;fill:#24292f}"
    ".t{font-weight:bold}.d{fill:#6e7781}.g{stroke:#6e778155}"
    ".ok{fill:#2da44e}.failed{fill:#cf222e}.other{fill:#8c959f}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.d{fill:#8b949e}}"
    "</style>\n";

// EscapeControl shows all that XML 1.0 has no form for, escaped or not:
// controls, U+FFFE, U+FFFF and bytes that are not UTF-8.
std::string Escape(const std::string& text) {
  return absl::StrReplaceAll(
      EscapeControl(text),
      {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

std::string Text(double x, double y, const char* classes,
                 const std::string& text) {
  return absl::StrFormat("<text x=\"%g\" y=\"%g\" class=\"%s\">%s</text>\n", x,
                         y, classes, Escape(text));
}

const char* ClassOf(Outcome outcome) {
  if (outcome == Outcome::kOk) return "ok";
  return outcome == Outcome::kFailed ? "failed" : "other";
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

// Room for the longest name; text of which only the browser knows the width.
int NameWidthOf(const std::vector<SvgPanel>& panels) {
  int columns = 0;
  for (const SvgPanel& panel : panels) {
    for (const Row& row : panel.rows) {
      columns = std::max(columns, DisplayWidth(row.name));
    }
  }
  return std::clamp(columns * kCharacterWidth, kMinNameWidth, kMaxNameWidth);
}

class Drawing {
 public:
  Drawing(absl::Duration axis, int name_width)
      : axis_(axis),
        bars_left_(kMargin + name_width),
        bars_width_(kWidth - bars_left_ - kTimeWidth - kMargin) {}

  void Add(const SvgPanel& panel) {
    Append(Text(kMargin, top_ + 18, "t", panel.title));
    top_ += kTitleHeight;
    for (const Row& row : panel.rows) {
      AddRow(row);
      top_ += kRowHeight;
      for (const AttemptRow& attempt : row.attempts) {
        AddAttempt(attempt);
        top_ += kAttemptHeight;
      }
    }
    top_ += kGap;
  }

  // Lines at five times, behind the bars, with the time below each.
  std::string Grid() const {
    std::string out;
    for (int i = 0; i <= 4; ++i) {
      const double x = bars_left_ + bars_width_ * i / 4.0;
      absl::StrAppend(&out,
                      absl::StrFormat("<path d=\"M%g %dV%d\" class=\"g\"/>\n",
                                      x, kMargin, top_),
                      Text(x - 4, top_ + 16, "d", FormatTime(axis_ * i / 4)));
    }
    return out;
  }

  const std::string& bars() const { return out_; }
  int bottom() const { return top_ + kAxisHeight; }

 private:
  void Append(const std::string& text) { out_ += text; }

  double Place(absl::Duration time) const {
    return std::clamp(absl::FDivDuration(time, axis_), 0.0, 1.0) * bars_width_;
  }

  void AddRow(const Row& row) {
    Append(Text(kMargin, top_ + 12, "", row.name));
    if (!row.called) return;
    const double left = Place(row.start);
    const double right = Place(row.start + row.duration);
    Append(absl::StrFormat(
        "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\" "
        "class=\"%s\"><title>%s</title></rect>\n",
        bars_left_ + left, top_, std::max(right - left, 1.0), kBarHeight,
        ClassOf(row.outcome), Escape(row.summary)));
    Append(
        Text(bars_left_ + right + 6, top_ + 12, "d", FormatTime(row.duration)));
  }

  void AddAttempt(const AttemptRow& attempt) {
    const double left = Place(attempt.start);
    const double right = Place(attempt.start + attempt.duration);
    Append(Text(kMargin + 12, top_ + 4, "d", attempt.kind));
    Append(absl::StrFormat(
        "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" "
        "class=\"other\"><title>%s</title></rect>\n",
        bars_left_ + left, top_ - 3, std::max(right - left, 1.0),
        kThinBarHeight, Escape(attempt.summary)));
  }

  const absl::Duration axis_;
  const int bars_left_;
  const int bars_width_;
  int top_ = kMargin;
  std::string out_;
};

}  // namespace

std::string RenderSvg(const std::vector<SvgPanel>& panels) {
  Drawing drawing(AxisOf(panels), NameWidthOf(panels));
  for (const SvgPanel& panel : panels) drawing.Add(panel);
  return absl::StrFormat(
             "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
             "height=\"%d\" viewBox=\"0 0 %d %d\">\n",
             kWidth, drawing.bottom(), kWidth, drawing.bottom()) +
         kStyle + drawing.Grid() + drawing.bars() + "</svg>\n";
}

int WriteSvgFlag(const std::vector<SvgPanel>& panels, int exit_code) {
  const std::string path = absl::GetFlag(FLAGS_svg);
  if (path.empty()) return exit_code;
  std::ofstream file(path);
  file << RenderSvg(panels);
  file.close();
  if (!file.fail()) return exit_code;
  std::fputs(
      ("gatherctl: can't write --svg " + EscapeControl(path) + "\n").c_str(),
      stderr);
  return kFailed;
}

}  // namespace gather::client
