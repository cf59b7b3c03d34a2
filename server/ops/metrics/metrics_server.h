#ifndef GATHER_SERVER_OPS_METRICS_METRICS_SERVER_H_
#define GATHER_SERVER_OPS_METRICS_METRICS_SERVER_H_

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/ops/metrics/metric_families.h"
#include "server/rpc/listen_sockets.h"

struct MHD_Daemon;

namespace gather::ops {

// Serves metrics over HTTP, at /metrics, in Prometheus' text format, by GNU
// libmicrohttpd.
//
//   auto metrics = MetricsServer::Open("127.0.0.1:9464");
//   (*metrics)->Serve([&](MetricFamilies& families) { ... });
//
// A connection that is idle, or slow, holds up no other: up to 512 are open at
// a time, more wait, and one that is silent for 2 min is closed. Why this
// library: server/decisions/0027-metrics-over-http.md.
//
// Thread: one; it has one of its own for each socket that it listens on.
// Lifetime: ends as it goes, and all connections with it.
class MetricsServer {
 public:
  // Adds families. Called at each scrape, on a thread of this server's, one
  // call at a time. What it throws ends the connection.
  using Collect = std::function<void(MetricFamilies&)>;

  // Listens on an address as in rpc/listen_sockets.h. UNAVAILABLE, with the
  // address in the message, where it can't. Until Serve() is called, who
  // connects waits.
  static absl::StatusOr<std::unique_ptr<MetricsServer>> Open(
      const std::string& address);
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

  int port() const { return sockets_.place().port; }

  // What `collect` refers to must outlive *this. Called at most once.
  // UNAVAILABLE where there is no thread, or no descriptor, for it.
  absl::Status Serve(Collect collect);

  // Frees the address, for the process that is started in this one's place: it
  // is free once this returns. Whoever is connected, as Prometheus is between
  // two scrapes, is served on. Idempotent.
  void StopAccepting();

 private:
  struct StopDaemon {
    void operator()(MHD_Daemon* daemon) const;
  };

  explicit MetricsServer(rpc::ListenSockets sockets)
      : sockets_(std::move(sockets)) {}

  const rpc::ListenSockets sockets_;
  std::mutex mutex_;  // one scrape at a time
  std::function<std::string()> page_;
  std::vector<std::unique_ptr<MHD_Daemon, StopDaemon>> daemons_;
};

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_METRICS_METRICS_SERVER_H_
