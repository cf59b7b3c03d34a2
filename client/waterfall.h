#ifndef GATHER_CLIENT_WATERFALL_H_
#define GATHER_CLIENT_WATERFALL_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/row.h"
#include "gather/fanout/v1/fanout.pb.h"
#include "google/protobuf/message.h"

namespace gather::client {

struct WaterfallOptions {
  // The columns to fill; fewer than 30 count as 30. Text that does not fit is
  // wrapped.
  int width = 80;

  // ANSI colours. Without them the text has no escape sequence at all.
  bool colour = false;

  // Marks and bars in ASCII, for terminals that show nothing else. Text from
  // the answer stays as it is.
  bool ascii = false;

  // What a section holds takes one line: what does not fit is cut instead of
  // wrapped.
  bool one_line = false;

  // What to say of a section that a stream has not brought.
  std::string absent = "missing from the answer";
};

// Draws an aggregator's answer, one line a section and one for the sum:
//
//   ✓ user     ██▏················   210.0 ms  Ada Lovelace, London, gold
//   ✗ orders   ███████████████████      2.0 s  BACKEND_TIMEOUT: ...
//       first  ━━━━━━━━━━━━━━━━━━━  1.9 s  CANCELLED, ipv4:127.0.0.1:50053
//   – products                                 not requested
//   Total time: 2.0 s (one after the other: 2.2 s, 1.1x)
//
// and one more where a section waited for another:
//
//   Critical path: orders 1.5 s → purchases 1.0 s
//
// The bars lie on one axis, from the start of the fan-out to its end. Control
// characters in the answer come out escaped. A pure function.
std::string RenderWaterfall(const google::protobuf::Message& response,
                            const WaterfallOptions& options);

// The same, of an answer that was read already. Rows of what is absent say
// `options.absent`. Without `timing` there is no line for the sum.
std::string RenderWaterfall(
    std::vector<Row> rows,
    const std::optional<fanout::v1::FanOutTiming>& timing,
    const WaterfallOptions& options);

// Draws only the rows, on an axis that is `axis` long.
std::string RenderRows(const std::vector<Row>& rows, absl::Duration axis,
                       const WaterfallOptions& options);

// One row without its bar, for a reader that takes lines as they come:
//
//   ✓ products     1.0 s  8 products, best match Saffron
std::string RenderLine(const Row& row, const WaterfallOptions& options);

// "Total time: 2.0 s (one after the other: 4.5 s, 2.2x)" and a line end, and
// the critical path where it has more than one section.
std::string RenderTotal(const std::vector<Row>& rows,
                        const fanout::v1::FanOutTiming& timing,
                        const WaterfallOptions& options);

}  // namespace gather::client

#endif  // GATHER_CLIENT_WATERFALL_H_
