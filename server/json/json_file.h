#ifndef GATHER_SERVER_JSON_JSON_FILE_H_
#define GATHER_SERVER_JSON_JSON_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Files in Protobuf's JSON form. Thread: any.
namespace gather::json {

// All of a file. An error is one line that opens with `path`.
absl::StatusOr<std::string> ReadFile(const std::string& path);

// What Protobuf's reader says of a text.
struct JsonError {
  // "line 5, column 20: ", both from 1, the column in bytes; empty where the
  // reader doesn't draw the place.
  std::string place;
  // What it says, without the drawing where that is told by the place.
  std::string words;
};

// Up to Protobuf 21 the reader writes what is wrong, then the text about it,
// and then a caret below, in three lines that no log has; from 22 on it says
// the line and the column in its words. A place that `text` has more than once
// is not told: it might be another.
JsonError TellPlace(absl::string_view message, absl::string_view text);

}  // namespace gather::json

#endif  // GATHER_SERVER_JSON_JSON_FILE_H_
