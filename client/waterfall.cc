#include "client/waterfall.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "client/answer.h"
#include "client/bar.h"
#include "client/format.h"
#include "client/row.h"
#include "client/text.h"
#include "gather/fanout/v1/fanout.pb.h"
#include "google/protobuf/message.h"

namespace gather::client {
namespace {

using fanout::v1::FanOutTiming;

constexpr int kMarkColumns = 1;
constexpr int kMinNameColumns = 8;
// A longer name has a line of its own, so that one does not push all bars
// aside.
constexpr int kMaxNameColumns = 24;
constexpr int kMinTimeColumns = 8;
constexpr int kMinBarColumns = 8;
constexpr int kMaxBarColumns = 40;
constexpr int kMinSummaryColumns = 20;
constexpr int kMinWidth = 30;
constexpr int kStackedIndent = 2;

// How each outcome looks; `colour` is ANSI's "select graphic rendition".
struct Look {
  std::string_view mark;
  std::string_view ascii_mark;
  std::string_view colour;
};

constexpr std::string_view kDim = "2";

Look LookOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk:
      return {"✓", "+", "32"};
    case Outcome::kStale:
      return {"≈", "=", "33"};
    case Outcome::kFailed:
      return {"✗", "x", "31"};
    case Outcome::kNotRequested:
      return {"–", "-", kDim};
    case Outcome::kUnknown:
      return {"?", "?", "33"};
    case Outcome::kInFlight:
      return {"…", "~", "36"};
    case Outcome::kCancelled:
      return {"⊘", "o", kDim};
    case Outcome::kAbsent:
      break;
  }
  return {"?", "?", kDim};
}

// The widths of the columns, in the order in which they stand.
struct Layout {
  int width = 0;  // of all of them
  int name = kMinNameColumns;
  int bar = 0;
  int time = 0;
  int summary = 0;

  // Too narrow for the summary to stand beside the bar: it goes below.
  bool stacked = false;

  // Where the summary begins.
  int indent = 0;
};

std::string TimeOf(const Row& row) {
  return row.called ? FormatTime(row.duration) : "";
}

Layout LayOut(const std::vector<Row>& rows, int width) {
  width = std::max(width, kMinWidth);
  Layout layout;
  layout.width = width;
  layout.time = kMinTimeColumns;
  for (const Row& row : rows) {
    const int name = DisplayWidth(row.name);
    if (name <= kMaxNameColumns) layout.name = std::max(layout.name, name);
    layout.time = std::max(layout.time, DisplayWidth(TimeOf(row)));
  }
  // One blank between mark, name, bar and time, two before the summary.
  const int fixed = kMarkColumns + 1 + layout.name + 1 + 1 + layout.time;
  const int rest = width - fixed;
  layout.bar = std::clamp(rest / 3, kMinBarColumns, kMaxBarColumns);
  layout.indent = fixed + layout.bar + 2;
  layout.summary = width - layout.indent;
  layout.stacked = layout.summary < kMinSummaryColumns;
  if (layout.stacked) {
    layout.bar = std::max(rest, 1);
    layout.indent = kStackedIndent;
    layout.summary = width - layout.indent;
  }
  return layout;
}

// The end of the axis: that of the fan-out, or of a section that says that it
// ended later.
absl::Duration AxisOf(const std::vector<Row>& rows, absl::Duration total) {
  absl::Duration axis = total;
  for (const Row& row : rows) {
    if (row.called) axis = std::max(axis, row.start + row.duration);
  }
  return axis;
}

class Renderer {
 public:
  Renderer(const WaterfallOptions& options, const Layout& layout,
           absl::Duration axis)
      : options_(options), layout_(layout), axis_(axis) {}

  std::string RenderRow(const Row& row) const {
    const Look look = LookOf(row.outcome);
    std::string out = absl::StrCat(
        Paint(options_.ascii ? look.ascii_mark : look.mark, look.colour), " ",
        RenderName(row.name), " ", RenderBar(row, look.colour), " ",
        PadLeft(TimeOf(row), layout_.time));
    const std::string indent(layout_.indent, ' ');
    const std::string_view colour = look.colour == kDim ? kDim : "";
    bool beside = !layout_.stacked;
    for (const std::string& line : Lines(row)) {
      if (!beside) absl::StripTrailingAsciiWhitespace(&out);
      absl::StrAppend(&out, beside ? "  " : "\n" + indent, Paint(line, colour));
      beside = false;
    }
    absl::StripTrailingAsciiWhitespace(&out);
    out += "\n";
    if (options_.one_line) return out;
    for (const AttemptRow& attempt : row.attempts)
      out += RenderAttempt(attempt);
    return out;
  }

 private:
  // As a row, but for a thin bar and no mark.
  std::string RenderAttempt(const AttemptRow& attempt) const {
    const Bar bar = MakeBar(attempt.start, attempt.duration, axis_, layout_.bar,
                            /*ascii=*/true);
    const std::string drawn =
        absl::StrReplaceAll(bar.drawn, {{"#", options_.ascii ? "=" : "━"}});
    std::string out = absl::StrCat(
        std::string(kMarkColumns + 1, ' '), PadLeft(attempt.kind, layout_.name),
        " ", std::string(bar.before, ' '), drawn, std::string(bar.after, ' '),
        " ", PadLeft(FormatTime(attempt.duration), layout_.time));
    if (!layout_.stacked) {
      absl::StrAppend(&out, "  ", Shorten(attempt.summary, layout_.summary));
    }
    return Paint(out, kDim) + "\n";
  }

  std::string Paint(std::string_view text, std::string_view colour) const {
    std::string out(text);
    if (!options_.colour || text.empty() || colour.empty()) return out;
    return absl::StrCat("\x1b[", std::string(colour), "m", out, "\x1b[0m");
  }

  std::string RenderName(const std::string& name) const {
    if (DisplayWidth(name) <= layout_.name) return PadRight(name, layout_.name);
    const int indent = kMarkColumns + 1 + layout_.name;
    return absl::StrCat(Shorten(name, layout_.width - kMarkColumns - 1), "\n",
                        std::string(indent, ' '));
  }

  std::vector<std::string> Lines(const Row& row) const {
    if (!options_.one_line) return Wrap(row.summary, layout_.summary);
    if (layout_.stacked) return {};
    return {Shorten(row.summary, layout_.summary)};
  }

  std::string Track(int cells) const {
    std::string out;
    for (int i = 0; i < cells; ++i) out += options_.ascii ? "." : "·";
    return Paint(out, kDim);
  }

  std::string RenderBar(const Row& row, std::string_view colour) const {
    if (!row.called) return std::string(layout_.bar, ' ');
    const Bar bar =
        MakeBar(row.start, row.duration, axis_, layout_.bar, options_.ascii);
    return Track(bar.before) + Paint(bar.drawn, colour) + Track(bar.after);
  }

  const WaterfallOptions& options_;
  const Layout& layout_;
  const absl::Duration axis_;
};

// With the time of each section, where there is a row of it.
std::string RenderCriticalPath(const std::vector<Row>& rows,
                               const FanOutTiming& timing, bool ascii) {
  std::string out;
  for (const std::string& name : timing.critical_path()) {
    absl::StrAppend(&out,
                    out.empty() ? "Critical path: "
                    : ascii     ? " -> "
                                : " → ",
                    EscapeControl(name));
    for (const Row& row : rows) {
      if (row.name != name || !row.called) continue;
      absl::StrAppend(&out, " ", FormatTime(row.duration));
    }
  }
  return out + "\n";
}

}  // namespace

std::string RenderTotal(const std::vector<Row>& rows,
                        const FanOutTiming& timing,
                        const WaterfallOptions& options) {
  const absl::Duration total = FromProto(timing.duration());
  const absl::Duration sequential = FromProto(timing.sequential_duration());
  std::string out = absl::StrCat("Total time: ", FormatTime(total));
  const auto calls = std::count_if(rows.begin(), rows.end(),
                                   [](const Row& row) { return row.called; });
  // One call has nothing to run beside it.
  if (calls > 1) {
    const std::string speed_up = FormatSpeedUp(sequential, total);
    absl::StrAppend(&out, " (one after the other: ", FormatTime(sequential),
                    speed_up.empty() ? "" : ", ", speed_up, ")");
  }
  out += "\n";
  // One section alone is the longest bar.
  if (timing.critical_path_size() > 1) {
    out += RenderCriticalPath(rows, timing, options.ascii);
  }
  return out;
}

std::string RenderRows(const std::vector<Row>& rows, absl::Duration axis,
                       const WaterfallOptions& options) {
  const Layout layout = LayOut(rows, options.width);
  const Renderer renderer(options, layout, axis);
  std::string out;
  for (const Row& row : rows) out += renderer.RenderRow(row);
  return out;
}

std::string RenderLine(const Row& row, const WaterfallOptions& options) {
  const Look look = LookOf(row.outcome);
  return absl::StrCat(std::string(options.ascii ? look.ascii_mark : look.mark),
                      " ", PadRight(row.name, kMinNameColumns), " ",
                      PadLeft(TimeOf(row), kMinTimeColumns), "  ", row.summary,
                      "\n");
}

std::string RenderWaterfall(const google::protobuf::Message& response,
                            const WaterfallOptions& options) {
  return RenderWaterfall(MakeRows(response), TimingOf(response), options);
}

std::string RenderWaterfall(std::vector<Row> rows,
                            const std::optional<FanOutTiming>& timing,
                            const WaterfallOptions& options) {
  for (Row& row : rows) {
    if (row.outcome == Outcome::kAbsent) row.summary = options.absent;
  }
  const absl::Duration total =
      timing ? FromProto(timing->duration()) : absl::ZeroDuration();
  std::string out = RenderRows(rows, AxisOf(rows, total), options);
  if (timing) out += RenderTotal(rows, *timing, options);
  return out;
}

}  // namespace gather::client
