#include "server/json/json_file.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace gather::json {
namespace {

// In bytes, what is drawn of the text after the place.
constexpr std::size_t kMostAfter = 20;

constexpr absl::string_view kByteOrderMark = "\xef\xbb\xbf";

// Of a message of three parts.
struct Drawing {
  absl::string_view words;
  absl::string_view about;  // the text, some characters before and after
  std::size_t caret = 0;    // below it, from 0
};

std::optional<Drawing> DrawingIn(absl::string_view message) {
  const std::size_t drawn = message.find('\n');
  const std::size_t below = message.rfind('\n');
  if (drawn == below) return std::nullopt;
  const absl::string_view pointer = message.substr(below + 1);
  const std::size_t caret = pointer.find_first_not_of(' ');
  if (caret == absl::string_view::npos || pointer.substr(caret) != "^") {
    return std::nullopt;
  }
  return Drawing{.words = message.substr(0, drawn),
                 .about = message.substr(drawn + 1, below - drawn - 1),
                 .caret = caret};
}

std::size_t Characters(absl::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
      }));
}

// Ends with ": ", or is empty.
std::string PlaceOf(const Drawing& drawing, absl::string_view text) {
  const absl::string_view about = drawing.about;
  if (drawing.caret > about.size()) return "";
  // Cut short by the text's end, where it is empty, it stands there.
  const bool last =
      about.size() < drawing.caret + kMostAfter && absl::EndsWith(text, about);
  const std::size_t found =
      last ? text.size() - about.size() : text.find(about);
  if (found == absl::string_view::npos) return "";
  const absl::string_view before = text.substr(0, found + drawing.caret);
  const std::size_t line_begin = before.rfind('\n') + 1;  // 0 in the first
  const std::string line =
      absl::StrCat("line ", 1 + std::count(before.begin(), before.end(), '\n'));
  if (!last && text.find(about, found + 1) != absl::string_view::npos) {
    return absl::StrCat(line, " or further down: ");
  }
  return absl::StrCat(line, ", column ",
                      1 + Characters(before.substr(line_begin)), ": ");
}

// Control characters and broken UTF-8 are escaped, quotes stay legible.
std::string InOneLine(absl::string_view words) {
  std::string line(words);
  absl::RemoveExtraAsciiWhitespace(&line);
  return absl::StrReplaceAll(absl::Utf8SafeCEscape(line),
                             {{"\\\"", "\""}, {"\\'", "'"}});
}

}  // namespace

// C's own files, because an ifstream neither says why it failed nor notices
// that it was given a directory.
absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const auto close = [](std::FILE* file) { std::fclose(file); };
  std::unique_ptr<std::FILE, decltype(close)> file(
      std::fopen(path.c_str(), "rb"), close);
  if (file == nullptr) {
    return absl::ErrnoToStatus(errno, absl::StrCat(path, ": cannot be opened"));
  }
  std::string text;
  char buffer[16384];
  while (const std::size_t size =
             std::fread(buffer, 1, sizeof(buffer), file.get())) {
    text.append(buffer, size);
  }
  if (std::ferror(file.get()) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat(path, ": cannot be read"));
  }
  if (absl::StartsWith(text, kByteOrderMark)) {
    text.erase(0, kByteOrderMark.size());
  }
  return text;
}

JsonError TellError(absl::string_view message, absl::string_view text) {
  const std::optional<Drawing> drawing = DrawingIn(message);
  if (!drawing) return {.place = "", .words = InOneLine(message)};
  return {.place = PlaceOf(*drawing, text), .words = InOneLine(drawing->words)};
}

}  // namespace gather::json
