#ifndef GATHER_SERVER_OPS_METRICS_METRICS_SERVER_H_
#define GATHER_SERVER_OPS_METRICS_METRICS_SERVER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/ops/metrics/metric_families.h"

namespace prometheus {
class Exposer;
}  // namespace prometheus

namespace gather::ops {

// Serves metrics over HTTP, at /metrics, in Prometheus' text format.
//
//   auto metrics = MetricsServer::Open("127.0.0.1:9464");
//   (*metrics)->Serve([&](MetricFamilies& families) { ... });
//
// Thread: one; it has threads of its own. Lifetime: ends as it goes.
class MetricsServer {
 public:
  // Adds families. Called at each scrape, on threads of this server's, also on
  // two at a time.
  using Collect = std::function<void(MetricFamilies&)>;

  // Listens on "host:port"; port 0 takes a free one. IPv4 only: Debian's
  // civetweb, which serves the pages, knows no other.
  // UNAVAILABLE, with the address in the message, where it can't. Until Serve()
  // is called, who asks gets 404.
  static absl::StatusOr<std::unique_ptr<MetricsServer>> Open(
      const std::string& address);
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

  int port() const;

  // What `collect` refers to must outlive *this. Called at most once.
  void Serve(Collect collect);

 private:
  class Page;

  explicit MetricsServer(std::unique_ptr<prometheus::Exposer> exposer);

  std::unique_ptr<prometheus::Exposer> exposer_;
  std::shared_ptr<Page> page_;  // which the exposer only refers to
};

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_METRICS_METRICS_SERVER_H_
