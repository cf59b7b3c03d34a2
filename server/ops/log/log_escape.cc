#include "server/ops/log/log_escape.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/str_replace.h"

namespace gather::ops {
namespace {

// One step through a text: a code point, or a byte that belongs to none.
struct Symbol {
  std::uint32_t value;
  std::size_t length;
  bool valid;
};

// How many bytes the code point that starts with `lead` takes; 0 if none does.
std::size_t EncodedLength(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  if (lead >= 0xf0 && lead < 0xf5) return 4;
  return 0;
}

// `text` must not be empty.
Symbol Decode(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const Symbol invalid = {lead, 1, false};
  const std::size_t length = EncodedLength(lead);
  if (length == 0 || length > text.size()) return invalid;
  if (length == 1) return {lead, 1, true};
  std::uint32_t value = lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0) != 0x80) return invalid;
    value = value << 6 | (next & 0x3fU);
  }
  const bool overlong =
      (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  const bool surrogate = value >= 0xd800 && value < 0xe000;
  if (overlong || surrogate || value > 0x10ffff) return invalid;
  return {value, length, true};
}

bool IsUnsafe(std::uint32_t c) {
  const bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);
  const bool separator = c == 0x2028 || c == 0x2029;
  const bool bidirectional = c == 0x061c || c == 0x200e || c == 0x200f ||
                             (c >= 0x202a && c <= 0x202e) ||
                             (c >= 0x2066 && c <= 0x2069);
  return control || separator || bidirectional;
}

void AppendHex(std::string& out, std::uint32_t value, int digits) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
    out += kDigits[value >> shift & 0xf];
  }
}

// `value` is unsafe, so it is below U+10000.
void AppendEscape(std::string& out, std::uint32_t value) {
  switch (value) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u";
      AppendHex(out, value, 4);
  }
}

void AppendEscapedJson(std::string& out, Symbol symbol) {
  if (symbol.valid) {
    AppendEscape(out, symbol.value);
  } else {
    out += "\\ufffd";
  }
}

void AppendEscapedText(std::string& out, Symbol symbol) {
  if (symbol.valid) {
    AppendEscape(out, symbol.value);
  } else {
    out += "\\x";
    AppendHex(out, symbol.value, 2);
  }
}

constexpr std::array<bool, 256> MakePlain() {
  std::array<bool, 256> plain = {};
  for (unsigned char c = ' '; c <= '~'; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}

// How many characters at its beginning stand for themselves in every form: all,
// mostly.
std::size_t PlainLength(std::string_view text) {
  static constexpr std::array<bool, 256> kPlain = MakePlain();
  std::size_t length = 0;
  while (length < text.size() &&
         kPlain[static_cast<unsigned char>(text[length])]) {
    ++length;
  }
  return length;
}

// `special` are the ASCII characters that get a backslash before them.
void AppendEscaped(std::string& out, std::string_view text,
                   std::string_view special,
                   void (*append_escaped)(std::string&, Symbol)) {
  std::size_t at = 0;
  while (true) {
    const std::size_t plain =
        PlainLength(text.substr(at, kMaxLoggedBytes - at));
    out.append(text, at, plain);
    at += plain;
    if (at == text.size()) return;
    const Symbol symbol = Decode(text.substr(at));
    if (at + symbol.length > kMaxLoggedBytes) {
      out += "...";
      return;
    }
    if (!symbol.valid || IsUnsafe(symbol.value)) {
      append_escaped(out, symbol);
    } else {
      if (special.find(text[at]) != std::string_view::npos) out += '\\';
      out.append(text, at, symbol.length);
    }
    at += symbol.length;
  }
}

bool NeedsQuotes(std::string_view text) {
  if (text.empty()) return true;
  while (true) {
    text.remove_prefix(PlainLength(text));
    if (text.empty()) return false;
    const Symbol symbol = Decode(text);
    if (!symbol.valid || IsUnsafe(symbol.value)) return true;
    text.remove_prefix(symbol.length);
  }
}

}  // namespace

void AppendJsonString(std::string& out, std::string_view text) {
  out += '"';
  AppendEscaped(out, text, "\"\\", AppendEscapedJson);
  out += '"';
}

void AppendTextValue(std::string& out, std::string_view text) {
  if (text.find_first_of(" \"\\=") == std::string_view::npos &&
      !NeedsQuotes(text)) {
    AppendEscaped(out, text, "", AppendEscapedText);
    return;
  }
  out += '"';
  AppendEscaped(out, text, "\"\\", AppendEscapedText);
  out += '"';
}

void AppendPlainText(std::string& out, std::string_view text) {
  AppendEscaped(out, text, "\\", AppendEscapedText);
}

std::string ReadablePeer(const std::string& peer) {
  return absl::StrReplaceAll(peer, {{"%5B", "["}, {"%5D", "]"}});
}

}  // namespace gather::ops
