#include "server/ops/metrics/metrics_server.h"

#include <prometheus/text_serializer.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gather::ops {
namespace {

constexpr char kMetricsPath[] = "/metrics";

HttpResponse PageFor(const HttpRequest& request,
                     const MetricsServer::Collect& collect) {
  if (request.method != "GET" && request.method != "HEAD") {
    return {.code = 405, .body = "GET or HEAD\n"};
  }
  if (request.path == "/") {
    return {.type = "text/html; charset=utf-8",
            .body = absl::StrCat("<a href=\"", kMetricsPath, "\">",
                                 kMetricsPath, "</a>\n")};
  }
  if (request.path != kMetricsPath) {
    return {.code = 404,
            .body = absl::StrCat("the metrics are at ", kMetricsPath, "\n")};
  }
  MetricFamilies families;
  collect(families);
  return {.type = "text/plain; version=0.0.4; charset=utf-8",
          .body = prometheus::TextSerializer().Serialize(families)};
}

}  // namespace

absl::StatusOr<std::unique_ptr<MetricsServer>> MetricsServer::Open(
    const std::string& address) {
  absl::StatusOr<rpc::ListenSockets> sockets =
      rpc::ListenSockets::Open(address);
  if (!sockets.ok()) {
    return absl::UnavailableError(
        absl::StrCat("can't serve metrics on ", address, ": ",
                     std::string(sockets.status().message())));
  }
  return std::unique_ptr<MetricsServer>(new MetricsServer(*std::move(sockets)));
}

absl::Status MetricsServer::Serve(Collect collect) {
  absl::StatusOr<std::unique_ptr<HttpServer>> http = HttpServer::Start(
      *std::move(sockets_),
      [collect = std::move(collect)](const HttpRequest& request) {
        return PageFor(request, collect);
      });
  sockets_.reset();
  if (!http.ok()) return http.status();
  http_ = *std::move(http);
  return absl::OkStatus();
}

void MetricsServer::StopAccepting() {
  if (http_ != nullptr) http_->StopAccepting();
}

}  // namespace gather::ops
