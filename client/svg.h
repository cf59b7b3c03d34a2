#ifndef GATHER_CLIENT_SVG_H_
#define GATHER_CLIENT_SVG_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/flags/declare.h"
#include "absl/time/time.h"
#include "client/row.h"

namespace gather::client {

// A timeline with a title, to be drawn on its own or with others.
struct SvgPanel {
  std::string title;
  std::vector<Row> rows;
  absl::Duration total;
};

// The panels below each other, on one axis, as an SVG image that reads on light
// and dark pages alike. Each bar says in words what became of it, and failed,
// cancelled and unfinished ones are hatched: nothing rests on colour alone.
// Text from backends is escaped. A pure function.
std::string RenderSvg(const std::vector<SvgPanel>& panels);

// The same for a page that has many of them: as wide as there is room, with
// text that keeps its size. The page has SvgDefinitions() once. `label` says
// what it is to who can't see it.
std::string RenderInlineSvg(const std::vector<SvgPanel>& panels,
                            std::string_view label);

// An invisible element with the styles and hatchings of all inline images.
std::string SvgDefinitions();

// Writes them to --svg, where that is set. Returns `exit_code`, or kFailed,
// with a line on stderr, where the file can't be written.
int WriteSvgFlag(const std::vector<SvgPanel>& panels, int exit_code);

// Writes `text` to the file that `flag` names. As above.
int WriteFlagFile(std::string_view flag, const std::string& path,
                  const std::string& text, int exit_code);

}  // namespace gather::client

// Of the commands that draw.
ABSL_DECLARE_FLAG(std::string, svg);

#endif  // GATHER_CLIENT_SVG_H_
