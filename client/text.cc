#include "client/text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace gather::client {
namespace {

struct CodePoint {
  uint32_t value = 0;
  size_t size = 0;  // In bytes.
  bool valid = false;
};

struct Range {
  uint32_t first;
  uint32_t last;
};

template <size_t N>
bool IsIn(const Range (&ranges)[N], uint32_t value) {
  return std::any_of(std::begin(ranges), std::end(ranges), [value](Range r) {
    return r.first <= value && value <= r.last;
  });
}

// The first code point of `text`, which is not empty. Where it is not valid,
// one byte is to be skipped.
CodePoint Decode(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1, true};
  const CodePoint invalid{lead, 1, false};
  const size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return invalid;
  uint32_t value = lead & (0xffu >> (size + 1));
  for (size_t i = 1; i < size; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0) != 0x80) return invalid;
    value = value << 6 | (next & 0x3f);
  }
  const bool overlong =
      (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (overlong || surrogate || value > 0x10ffff) return invalid;
  return {value, size, true};
}

bool IsUnsafe(uint32_t value) {
  // C0 and C1 controls, then the marks, embeddings, overrides and isolates of
  // bidirectional text, line separators, the byte order mark, and two code
  // points that are no characters, which no reader of XML takes.
  constexpr Range kUnsafe[] = {
      {0x00, 0x1f},     {0x7f, 0x9f},     {0x061c, 0x061c},
      {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069},
      {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xfffe, 0xffff}};
  return IsIn(kUnsafe, value);
}

int ColumnsOf(uint32_t value) {
  // The blocks that matter for names and places, not the whole of Unicode: a
  // wrong guess costs the alignment of one line.
  constexpr Range kNone[] = {
      {0x0300, 0x036f}, {0x200b, 0x200d}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}};
  constexpr Range kTwo[] = {
      {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},
      {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
      {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f},
      {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
  if (IsIn(kNone, value)) return 0;
  return IsIn(kTwo, value) ? 2 : 1;
}

// How many bytes of `text` fit into `width` columns; at least one code point,
// so that a loop over the rest makes progress.
size_t BytesThatFit(std::string_view text, int width) {
  size_t bytes = 0;
  int columns = 0;
  while (bytes < text.size()) {
    const CodePoint next = Decode(text.substr(bytes));
    columns += ColumnsOf(next.value);
    if (columns > width && bytes > 0) break;
    bytes += next.size;
  }
  return bytes;
}

// For what has an escape sequence that everybody knows, else null.
const char* ShortEscape(uint32_t value) {
  if (value == '\n') return "\\n";
  if (value == '\r') return "\\r";
  if (value == '\t') return "\\t";
  return nullptr;
}

std::string Blanks(std::string_view text, int width) {
  return std::string(std::max(0, width - DisplayWidth(text)), ' ');
}

}  // namespace

std::string EscapeControl(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const CodePoint next = Decode(text);
    if (next.valid && !IsUnsafe(next.value)) {
      out += text.substr(0, next.size);
    } else if (const char* known = ShortEscape(next.value)) {
      out += known;
    } else if (next.value <= 0xff) {
      absl::StrAppendFormat(&out, "\\x%02x", next.value);
    } else {
      absl::StrAppendFormat(&out, "\\u%04x", next.value);
    }
    text.remove_prefix(next.size);
  }
  return out;
}

std::string EscapeJson(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const CodePoint next = Decode(text);
    if (!next.valid) {
      out += "\\ufffd";
    } else if (next.value == '"' || next.value == '\\') {
      out += {'\\', text[0]};
    } else if (!IsUnsafe(next.value)) {
      out += text.substr(0, next.size);
    } else if (const char* known = ShortEscape(next.value)) {
      out += known;
    } else {
      absl::StrAppendFormat(&out, "\\u%04x", next.value);
    }
    text.remove_prefix(next.size);
  }
  return out;
}

std::string EscapeUnsafeJson(std::string_view json) {
  std::string out;
  while (!json.empty()) {
    const CodePoint next = Decode(json);
    // What is below is either layout or escaped already.
    if (next.value >= 0x7f && IsUnsafe(next.value)) {
      absl::StrAppendFormat(&out, "\\u%04x", next.value);
    } else {
      out += json.substr(0, next.size);
    }
    json.remove_prefix(next.size);
  }
  return out;
}

// EscapeControl shows all that XML 1.0 has no form for, escaped or not:
// controls, U+FFFE, U+FFFF and bytes that are not UTF-8.
std::string EscapeXml(std::string_view text) {
  return absl::StrReplaceAll(
      EscapeControl(text),
      {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

int DisplayWidth(std::string_view text) {
  int columns = 0;
  while (!text.empty()) {
    const CodePoint next = Decode(text);
    columns += ColumnsOf(next.value);
    text.remove_prefix(next.size);
  }
  return columns;
}

std::string PadRight(std::string_view text, int width) {
  return std::string(text) + Blanks(text, width);
}

std::string PadLeft(std::string_view text, int width) {
  return Blanks(text, width) + std::string(text);
}

std::string Shorten(std::string_view text, int width) {
  if (BytesThatFit(text, width) == text.size()) return std::string(text);
  return std::string(text.substr(0, BytesThatFit(text, width - 3))) + "...";
}

std::string ShortenEscaped(std::string_view text, int width) {
  // A column takes no more bytes than this, but for marks without a width.
  constexpr size_t kBytesPerColumn = 16;
  const size_t enough = static_cast<size_t>(width) * kBytesPerColumn;
  if (text.size() <= enough) return Shorten(EscapeControl(text), width);
  // Not within a character: half of one would come out as escaped bytes.
  size_t cut = enough;
  while (cut > enough - 3 && (text[cut] & 0xc0) == 0x80) --cut;
  const std::string begin = EscapeControl(text.substr(0, cut));
  return std::string(begin.substr(0, BytesThatFit(begin, width - 3))) + "...";
}

std::vector<std::string> Wrap(std::string_view text, int width) {
  std::vector<std::string> lines;
  while (DisplayWidth(text) > width) {
    size_t cut = BytesThatFit(text, width);
    if (cut == text.size()) break;
    // A blank right after what fits is as good a place as one within it.
    const size_t blank = text.rfind(' ', cut);
    if (blank != std::string_view::npos && blank > 0) cut = blank;
    lines.emplace_back(text.substr(0, cut));
    text.remove_prefix(cut);
    if (text.starts_with(' ')) text.remove_prefix(1);
  }
  lines.emplace_back(text);
  return lines;
}

}  // namespace gather::client
