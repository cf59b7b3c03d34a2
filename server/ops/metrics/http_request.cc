#include "server/ops/metrics/http_request.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace gather::ops {
namespace {

constexpr std::size_t kMaxHeadBytes = 8 * 1024;

absl::Status BadRequest() {
  return absl::InvalidArgumentError("400 Bad Request");
}

// What the headers say of the connection; HTTP/1.1 keeps it by default.
bool KeepsAlive(const std::vector<std::string>& lines, bool by_default) {
  bool keeps = by_default;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string> header =
        absl::StrSplit(lines[i], absl::MaxSplits(':', 1));
    if (header.size() < 2) continue;
    const std::string name = absl::AsciiStrToLower(header[0]);
    const absl::string_view value = absl::StripAsciiWhitespace(header[1]);
    if (name == "connection") {
      keeps = by_default ? !absl::EqualsIgnoreCase(value, "close")
                         : absl::EqualsIgnoreCase(value, "keep-alive");
    }
    const bool body = name == "transfer-encoding" ||
                      (name == "content-length" && value != "0");
    if (body) return false;
  }
  return keeps;
}

const char* ReasonOf(int code) {
  switch (code) {
    case 200:
      return "OK";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    default:
      return "Internal Server Error";
  }
}

}  // namespace

absl::StatusOr<std::optional<HttpRequest>> TakeHttpRequest(
    std::string& received) {
  constexpr char kEnd[] = "\r\n\r\n";
  const std::size_t end = received.find(kEnd);
  if (end > kMaxHeadBytes && received.size() > kMaxHeadBytes) {
    return absl::ResourceExhaustedError("431 Request Header Fields Too Large");
  }
  if (end == std::string::npos) return std::nullopt;
  const std::vector<std::string> lines =
      absl::StrSplit(received.substr(0, end), "\r\n");
  received.erase(0, end + sizeof(kEnd) - 1);
  const std::vector<std::string> words = absl::StrSplit(lines[0], ' ');
  if (words.size() != 3 || words[0].empty() || words[1].empty() ||
      !absl::StartsWith(words[2], "HTTP/1.")) {
    return BadRequest();
  }
  HttpRequest request;
  request.method = words[0];
  request.path = words[1].substr(0, words[1].find('?'));
  request.keep_alive = KeepsAlive(lines, words[2] != "HTTP/1.0");
  return request;
}

std::string FormatHttpResponse(const HttpResponse& response, bool head,
                               bool keep_alive) {
  return absl::StrCat(
      "HTTP/1.1 ", response.code, " ", ReasonOf(response.code),
      "\r\nContent-Type: ", response.type,
      "\r\nContent-Length: ", response.body.size(),
      response.code == 405 ? "\r\nAllow: GET, HEAD" : "",
      "\r\nConnection: ", keep_alive ? "keep-alive" : "close", "\r\n\r\n",
      head ? absl::string_view() : absl::string_view(response.body));
}

}  // namespace gather::ops
