#include "server/json/json_file.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace gather::json {

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
  return text;
}

JsonError TellPlace(absl::string_view message, absl::string_view text) {
  JsonError error = {.place = "", .words = std::string(message)};
  const std::size_t drawn = message.find('\n');
  const std::size_t below = message.rfind('\n');
  if (drawn == below) return error;
  const absl::string_view about = message.substr(drawn + 1, below - drawn - 1);
  const absl::string_view pointer = message.substr(below + 1);
  const std::size_t caret = pointer.find_first_not_of(' ');
  if (caret == absl::string_view::npos || pointer.substr(caret) != "^" ||
      caret > about.size()) {
    return error;
  }
  const std::size_t found = text.find(about);
  if (about.empty() || found == absl::string_view::npos ||
      text.find(about, found + 1) != absl::string_view::npos) {
    return error;
  }
  const absl::string_view before = text.substr(0, found + caret);
  const std::size_t line_begin = before.rfind('\n') + 1;  // 0 in the first
  error.place =
      absl::StrCat("line ", 1 + std::count(before.begin(), before.end(), '\n'),
                   ", column ", 1 + before.size() - line_begin, ": ");
  error.words = std::string(message.substr(0, drawn));
  return error;
}

}  // namespace gather::json
