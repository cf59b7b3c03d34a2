#ifndef GATHER_SERVER_OPS_METRICS_METRICS_SERVER_H_
#define GATHER_SERVER_OPS_METRICS_METRICS_SERVER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/ops/metrics/http_server.h"
#include "server/ops/metrics/metric_families.h"
#include "server/rpc/listen_sockets.h"

namespace gather::ops {

// Serves metrics over HTTP, at /metrics, in Prometheus' text format.
//
//   auto metrics = MetricsServer::Open("127.0.0.1:9464");
//   (*metrics)->Serve([&](MetricFamilies& families) { ... });
//
// Thread: one; it has one of its own. Lifetime: ends as it goes.
class MetricsServer {
 public:
  // Adds families. Called at each scrape, on the thread of this server's.
  using Collect = std::function<void(MetricFamilies&)>;

  // Listens on an address as in rpc/listen_sockets.h. UNAVAILABLE, with the
  // address in the message, where it can't. Until Serve() is called, who
  // connects waits.
  static absl::StatusOr<std::unique_ptr<MetricsServer>> Open(
      const std::string& address);
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

  int port() const { return port_; }

  // What `collect` refers to must outlive *this. Called at most once.
  // UNAVAILABLE where there is no thread for it.
  absl::Status Serve(Collect collect);

  // Frees the address, for the process that is started in this one's place.
  // Whoever is connected, as Prometheus is between two scrapes, is served on.
  void StopAccepting();

 private:
  explicit MetricsServer(rpc::ListenSockets sockets)
      : port_(sockets.place().port), sockets_(std::move(sockets)) {}

  const int port_;
  std::optional<rpc::ListenSockets> sockets_;  // until Serve()
  std::unique_ptr<HttpServer> http_;
};

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_METRICS_METRICS_SERVER_H_
