#ifndef GATHER_SERVER_JSON_JSON_FILE_H_
#define GATHER_SERVER_JSON_JSON_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Files in Protobuf's JSON form. Thread: any.
namespace gather::json {

// All of a file, less a byte order mark, which Protobuf's reader does not take.
// An error is one line that opens with `path`.
absl::StatusOr<std::string> ReadFile(const std::string& path);

// What Protobuf's reader says of a text.
struct JsonError {
  // "line 5, column 20: ", both from 1, the column in characters; empty where
  // the reader doesn't draw the place.
  std::string place;
  // What it says, in one printable line.
  std::string words;
};

// Up to Protobuf 21 the reader says what is wrong, and then draws where, in two
// lines more: the text about it, and a caret below. It is told in `place` then,
// and left out of `words`; a text that stands there more than once gives "line
// 5 or further down: ". From 22 on the words have line and column.
JsonError TellError(absl::string_view message, absl::string_view text);

// Of what the reader returned: not absl's status and string_view in the
// Protobuf of Debian 12.
template <typename Status>
JsonError ErrorOf(const Status& status, absl::string_view text) {
  const auto message = status.message();
  return TellError({message.data(), message.size()}, text);
}

}  // namespace gather::json

#endif  // GATHER_SERVER_JSON_JSON_FILE_H_
