#ifndef GATHER_CLIENT_ROW_H_
#define GATHER_CLIENT_ROW_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "google/protobuf/message.h"

namespace gather::client {

// How a section came out, as far as a reader of the waterfall cares.
enum class Outcome {
  kOk,
  kStale,  // There, but as it was before.
  kFailed,
  kNotRequested,
  kUnknown,
  kAbsent,
  kInFlight,   // Not landed yet.
  kCancelled,  // Ended before it could land.
};

// One call of several that a section took.
struct AttemptRow {
  std::string kind;      // "first", "retry", "hedge"
  absl::Duration start;  // From the start of the fan-out.
  absl::Duration duration;
  std::string summary;  // How it ended, and who was called.
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

  std::vector<AttemptRow> attempts;
};

// The row of a section that is not there; `summary` says so.
Row AbsentRow(const std::string& name, const std::string& summary);

// The row of a section that was not asked for.
Row NotRequestedRow(const std::string& name);

// The rows of `response`, which is any aggregator's: one for each section that
// its type has, in the order of its fields, then one for each that only the
// server knows. A section that it does not have was not asked for.
std::vector<Row> MakeRows(const google::protobuf::Message& response);

// The rows of the sections that `response`, or a part of a stream, does have.
std::vector<Row> MakeRowsOfPresent(const google::protobuf::Message& response);

}  // namespace gather::client

#endif  // GATHER_CLIENT_ROW_H_
