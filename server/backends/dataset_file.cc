#include "server/backends/dataset_file.h"

#include <algorithm>
#include <cstddef>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/protobuf/util/json_util.h"
#include "server/json/json_file.h"

namespace gather::backends {
namespace {

// Whether the line opens with an identifier and a colon.
bool OpensWithField(absl::string_view line) {
  const auto end = std::find_if_not(line.begin(), line.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
  });
  return end != line.begin() && end != line.end() && *end == ':';
}

}  // namespace

std::string FieldFirst(const std::string& line) {
  absl::string_view rest(line);
  // Protobuf from 22 on: "invalid JSON in TYPE @ users[0].tier: enum ...".
  if (absl::StartsWith(rest, "invalid JSON in ")) {
    const std::size_t place = rest.find(" @ ");
    if (place != std::string::npos) return std::string(rest.substr(place + 3));
  }
  // Protobuf 36 of an enum, without its place.
  if (absl::StartsWith(rest, "unknown enum value")) return line;
  // Before that, three forms: a field or nothing at the top; a place in
  // brackets, with or without a field; only words where the text is not JSON.
  if (absl::ConsumePrefix(&rest, ": ")) return std::string(rest);
  if (OpensWithField(line)) return line;
  const std::size_t end = line.find(')');
  if (!absl::ConsumePrefix(&rest, "(") || end == std::string::npos) {
    return absl::StrCat("not JSON: ", line);
  }
  const absl::string_view path = rest.substr(0, end - 1);
  rest.remove_prefix(end);
  const bool names_field = absl::ConsumePrefix(&rest, " ");
  return absl::StrCat(path, names_field && !path.empty() ? "." : "", rest);
}

absl::Status ReadDatasetFile(const std::string& path,
                             google::protobuf::Message* dataset) {
  const absl::StatusOr<std::string> text = json::ReadFile(path);
  if (!text.ok()) return text.status();
  const auto parsed =
      google::protobuf::util::JsonStringToMessage(*text, dataset);
  if (parsed.ok()) return absl::OkStatus();
  const json::JsonError error = json::ErrorOf(parsed, *text);
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": ", error.place, FieldFirst(error.words)));
}

}  // namespace gather::backends
