#ifndef GATHER_CLIENT_JSON_H_
#define GATHER_CLIENT_JSON_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/message.h"

namespace gather::client {

// What a message's JSON lacks: values that have no JSON form, and what is past
// the first kMaxJsonItems of a list.
struct JsonOmissions {
  // The first few, and why: "user.user.create_time (no JSON form)".
  std::vector<std::string> paths;
  int64_t count = 0;  // Of all of them.
};

// Pages of our own services have 100 at most; 4 MB hold two million, of which
// the JSON would be 200 MB.
inline constexpr int kMaxJsonItems = 10'000;

// Takes the next piece of a text; false where it can't be written, which ends
// it.
using TextSink = std::function<bool(std::string_view)>;

// Writes the JSON form that proto3 gives `message`, with each field that has a
// default, and a line end. False where `sink` said so.
//
// Protobuf's own printer builds the whole text, takes 10 s for a million small
// messages, and prints nothing at all where one Timestamp in them is out of
// range. This one writes as it goes, and only that field is missing. Of a list
// or map it writes the first kMaxJsonItems.
//
// Characters that are not safe to print, in a text from a backend, are escaped:
// "\u202e".
bool WriteJson(const google::protobuf::Message& message, bool one_line,
               const TextSink& sink, JsonOmissions& omitted);

}  // namespace gather::client

#endif  // GATHER_CLIENT_JSON_H_
