#ifndef GATHER_CLIENT_TEXT_H_
#define GATHER_CLIENT_TEXT_H_

#include <string>
#include <string_view>
#include <vector>

namespace gather::client {

// `text` made safe to print on a terminal: control characters, those that turn
// the direction of writing, and bytes that are not UTF-8 come out as \n, \x1b,
// \u202e and the like. All else, other scripts included, stays as it is.
std::string EscapeControl(std::string_view text);

// `text` as it stands between the quotes of a JSON string. What EscapeControl
// escapes comes out as \u202e and the like; bytes that are not UTF-8 as U+FFFD.
std::string EscapeJson(std::string_view text);

// The same for a whole JSON text that another printer wrote.
std::string EscapeUnsafeJson(std::string_view json);

// `text` as it stands in XML and HTML, also between double quotes.
std::string EscapeXml(std::string_view text);

// How many columns a terminal takes for `text`, which is UTF-8 without escape
// sequences.
int DisplayWidth(std::string_view text);

// `text` with blanks at the end up to `width` columns.
std::string PadRight(std::string_view text, int width);

// `text` with blanks at the front up to `width` columns.
std::string PadLeft(std::string_view text, int width);

// `text`, or, where that takes more than `width` columns, its beginning and
// "...". `width` is at least 3.
std::string Shorten(std::string_view text, int width);

// EscapeControl and Shorten, without a look at what is cut off: a backend's
// text may be of many megabytes.
std::string ShortenEscaped(std::string_view text, int width);

// Breaks `text` at blanks into lines of at most `width` columns; a word that is
// longer is cut. Never empty: no text is one empty line.
std::vector<std::string> Wrap(std::string_view text, int width);

}  // namespace gather::client

#endif  // GATHER_CLIENT_TEXT_H_
