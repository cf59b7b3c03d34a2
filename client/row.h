#ifndef GATHER_CLIENT_ROW_H_
#define GATHER_CLIENT_ROW_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gather/aggregator/v1/aggregator.pb.h"

namespace gather::client {

// How a section came out, as far as a reader of the waterfall cares.
enum class Outcome {
  kOk,
  kFailed,
  kNotRequested,
  kUnknown,
  kAbsent,
  kInFlight,  // Not landed yet.
};

// One section in words, ready to be laid out. All text is safe to print.
struct Row {
  std::string name;
  Outcome outcome = Outcome::kAbsent;

  // Whether the section's backend was called. Without a call there is no time.
  bool called = false;
  absl::Duration start;  // From the start of the fan-out.
  absl::Duration duration;

  // What the section holds, or why it holds nothing.
  std::string summary;
};

// The rows of `response`, in the order of its fields. `absent` is the summary
// of a section that it does not have.
std::vector<Row> MakeRows(
    const gather::aggregator::v1::GetOverviewResponse& response,
    const std::string& absent);

}  // namespace gather::client

#endif  // GATHER_CLIENT_ROW_H_
