#ifndef GATHER_SERVER_OPS_LOG_LOG_ESCAPE_H_
#define GATHER_SERVER_OPS_LOG_LOG_ESCAPE_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace gather::ops {

// What a value may add to a record, in bytes before escaping; the rest is cut
// and "..." put in its place. It keeps most records below PIPE_BUF, so that
// processes which share a pipe don't write into each other's lines.
inline constexpr std::size_t kMaxLoggedBytes = 2048;

// These append `text`, which may hold any bytes, so that what is appended is
// valid UTF-8, stays on one line and can't steer a terminal: control
// characters, line and paragraph separators and the marks that reorder
// bidirectional text are escaped as well as what the form itself needs.

// Appends a JSON string, quotes included. A byte that is not UTF-8 becomes
// U+FFFD.
void AppendJsonString(std::string& out, std::string_view text);

// Appends a value for a key=value record, in quotes only if it needs them. A
// byte that is not UTF-8 becomes \xNN.
void AppendTextValue(std::string& out, std::string_view text);

// Appends text for people: as AppendTextValue, but never in quotes, and quotes
// within are left alone.
void AppendPlainText(std::string& out, std::string_view text);

// gRPC's name of a peer with brackets about an IPv6 address, which it writes as
// in a URL: "ipv6:[::1]:40000" for "ipv6:%5B::1%5D:40000".
std::string ReadablePeer(const std::string& peer);

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_LOG_LOG_ESCAPE_H_
