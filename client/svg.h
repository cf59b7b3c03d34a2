#ifndef GATHER_CLIENT_SVG_H_
#define GATHER_CLIENT_SVG_H_

#include <string>
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
// and dark pages alike. Text from backends is escaped. A pure function.
std::string RenderSvg(const std::vector<SvgPanel>& panels);

// Writes them to --svg, where that is set. Returns `exit_code`, or kFailed,
// with a line on stderr, where the file can't be written.
int WriteSvgFlag(const std::vector<SvgPanel>& panels, int exit_code);

}  // namespace gather::client

// Of the commands that draw.
ABSL_DECLARE_FLAG(std::string, svg);

#endif  // GATHER_CLIENT_SVG_H_
