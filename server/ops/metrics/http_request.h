#ifndef GATHER_SERVER_OPS_METRICS_HTTP_REQUEST_H_
#define GATHER_SERVER_OPS_METRICS_HTTP_REQUEST_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace gather::ops {

// As much of a request of HTTP/1.x as a page that is read by programs needs.
struct HttpRequest {
  std::string method;
  std::string path;  // without what a '?' begins
  // Whether another may follow on the connection. Not behind a body, which is
  // not read.
  bool keep_alive = false;
};

struct HttpResponse {
  int code = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body;
};

// Takes one request off the front of `received`; none where it is not there as
// a whole yet. An error is final, and says in its message what status line to
// answer with: "400 Bad Request", or, of more than 8 KB, "431 Request Header
// Fields Too Large".
absl::StatusOr<std::optional<HttpRequest>> TakeHttpRequest(
    std::string& received);

// `response` on the wire; without its body, but with its length, for HEAD.
std::string FormatHttpResponse(const HttpResponse& response, bool head,
                               bool keep_alive);

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_METRICS_HTTP_REQUEST_H_
