#include "server/ops/metrics/metrics_server.h"

#include <prometheus/collectable.h>
#include <prometheus/exposer.h>

#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace gather::ops {

class MetricsServer::Page final : public prometheus::Collectable {
 public:
  explicit Page(MetricsServer::Collect collect)
      : collect_(std::move(collect)) {}

  MetricFamilies Collect() const override {
    MetricFamilies families;
    collect_(families);
    return families;
  }

 private:
  const MetricsServer::Collect collect_;
};

absl::StatusOr<std::unique_ptr<MetricsServer>> MetricsServer::Open(
    const std::string& address) {
  // An idle connection holds one of the threads, but not for long.
  const std::vector<std::string> options = {"listening_ports",    address,
                                            "num_threads",        "3",
                                            "request_timeout_ms", "5000"};
  try {
    return std::unique_ptr<MetricsServer>(
        new MetricsServer(std::make_unique<prometheus::Exposer>(options)));
  } catch (const std::exception&) {  // its words name no address
    return absl::UnavailableError(
        absl::StrCat("can't serve metrics on ", address,
                     ": it is in use, or no IPv4 address of this machine"));
  }
}

MetricsServer::MetricsServer(std::unique_ptr<prometheus::Exposer> exposer)
    : exposer_(std::move(exposer)) {}

MetricsServer::~MetricsServer() = default;

int MetricsServer::port() const {
  return exposer_->GetListeningPorts().front();
}

void MetricsServer::Serve(Collect collect) {
  page_ = std::make_shared<Page>(std::move(collect));
  exposer_->RegisterCollectable(page_);
}

}  // namespace gather::ops
