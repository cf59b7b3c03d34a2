#include "server/ops/metrics/metrics_server.h"

#include <microhttpd.h>
#include <prometheus/text_serializer.h>
#include <sys/socket.h>

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gather::ops {
namespace {

using MetricsPage = std::function<std::string()>;

constexpr char kMetricsPath[] = "/metrics";
constexpr char kText[] = "text/plain; charset=utf-8";
constexpr unsigned kMaxConnections = 512;
// Of silence. Longer than what is usual between two scrapes.
constexpr unsigned kTimeoutSeconds = 120;
// What the line and the headers of a request may take, more or less.
constexpr std::size_t kConnectionMemory = 8192;

struct DestroyResponse {
  void operator()(MHD_Response* response) const {
    MHD_destroy_response(response);
  }
};

MHD_Result Respond(MHD_Connection* connection, unsigned code, const char* type,
                   std::string body) {
  const std::unique_ptr<MHD_Response, DestroyResponse> response(
      MHD_create_response_from_buffer(body.size(), body.data(),
                                      MHD_RESPMEM_MUST_COPY));
  if (response == nullptr) return MHD_NO;
  MHD_add_response_header(response.get(), MHD_HTTP_HEADER_CONTENT_TYPE, type);
  if (code == MHD_HTTP_METHOD_NOT_ALLOWED) {
    MHD_add_response_header(response.get(), MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
  }
  return MHD_queue_response(connection, code, response.get());
}

MHD_Result Answer(MHD_Connection* connection, std::string_view path,
                  const MetricsPage& metrics) {
  if (path == "/") {
    return Respond(connection, MHD_HTTP_OK, "text/html; charset=utf-8",
                   absl::StrCat("<a href=\"", kMetricsPath, "\">", kMetricsPath,
                                "</a>\n"));
  }
  if (path != kMetricsPath) {
    return Respond(connection, MHD_HTTP_NOT_FOUND, kText,
                   absl::StrCat("the metrics are at ", kMetricsPath, "\n"));
  }
  return Respond(connection, MHD_HTTP_OK,
                 "text/plain; version=0.0.4; charset=utf-8", metrics());
}

// Called with a request's headers, with each part of its body, and at its end;
// MHD_NO closes the connection.
MHD_Result OnRequest(void* metrics, MHD_Connection* connection,
                     const char* path, const char* method,
                     const char* /*version*/, const char* /*body*/,
                     std::size_t* body_size, void** seen) {
  const std::string_view asked = method;
  try {
    if (asked != MHD_HTTP_METHOD_GET && asked != MHD_HTTP_METHOD_HEAD) {
      return Respond(connection, MHD_HTTP_METHOD_NOT_ALLOWED, kText,
                     "GET or HEAD\n");
    }
    const bool ended = *seen != nullptr && *body_size == 0;
    *seen = metrics;
    *body_size = 0;  // all of it is taken, and means nothing
    // An answer before the end would be the connection's last.
    if (!ended) return MHD_YES;
    return Answer(connection, path, *static_cast<const MetricsPage*>(metrics));
  } catch (const std::exception&) {
    return MHD_NO;
  }
}

}  // namespace

void MetricsServer::StopDaemon::operator()(MHD_Daemon* daemon) const {
  MHD_quiesce_daemon(daemon);  // or it would close the socket
  MHD_stop_daemon(daemon);
}

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
  page_ = [this, collect = std::move(collect)] {
    MetricFamilies families;
    const std::lock_guard lock(mutex_);
    collect(families);
    return prometheus::TextSerializer().Serialize(families);
  };
  for (const int fd : sockets_.fds()) {
    daemons_.emplace_back(MHD_start_daemon(
        MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_ITC, 0, nullptr, nullptr,
        OnRequest, &page_, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, kMaxConnections,
        MHD_OPTION_CONNECTION_TIMEOUT, kTimeoutSeconds,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionMemory, MHD_OPTION_END));
    if (daemons_.back() == nullptr) {
      return absl::UnavailableError(
          "can't serve metrics: there is no thread or descriptor for it");
    }
  }
  return absl::OkStatus();
}

void MetricsServer::StopAccepting() {
  for (const auto& daemon : daemons_) MHD_quiesce_daemon(daemon.get());
  // Shut down, it keeps its address from nobody. Not closed: a thread of
  // microhttpd's may be about to accept on it, until the daemon is stopped.
  for (const int fd : sockets_.fds()) shutdown(fd, SHUT_RDWR);
}

}  // namespace gather::ops
