#ifndef GATHER_SERVER_HOST_RUN_AGGREGATOR_H_
#define GATHER_SERVER_HOST_RUN_AGGREGATOR_H_

#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "server/fanout/aggregator.h"
#include "server/fanout/catalog.h"
#include "server/fanout/fan_out.h"
#include "server/rpc/server.h"

namespace gather::host {

// An aggregator's service, whatever its product.
struct HostedService {
  std::function<void(rpc::Server&)> add_to;
  std::function<std::vector<fanout::SectionReport>()> report;
};
using MakeService =
    std::function<HostedService(const fanout::Catalog&, const fanout::Channels&,
                                const fanout::Settings&, int event_loops)>;

// The part of the function below that is the same for all.
int RunAggregator(int argc, char** argv, std::string_view usage,
                  const absl::StatusOr<fanout::Catalog>& catalog,
                  const MakeService& make);

// The main of an aggregator: flags, its sections' backends with TLS, logs,
// metrics, signals, drain. Gives the process's exit code. `usage` is the first
// text of --help.
//
//   int main(int argc, char** argv) {
//     return gather::host::RunAggregator<ShopService>(
//         argc, argv, "Usage: shop [FLAGS]\nAll there is to know.");
//   }
//
// Service has a type Product (fanout/section.h), the constructor of
// fanout::Aggregator<Product>, AddTo(rpc::Server&), and Report().
template <typename Service>
int RunAggregator(int argc, char** argv, std::string_view usage) {
  return RunAggregator(
      argc, argv, usage, fanout::MakeCatalog<typename Service::Product>(),
      [](const fanout::Catalog& catalog, const fanout::Channels& channels,
         const fanout::Settings& settings, int event_loops) {
        const auto service =
            std::make_shared<Service>(catalog, channels, settings, event_loops);
        return HostedService{
            .add_to =
                [service](rpc::Server& server) { service->AddTo(server); },
            .report = [service] { return service->Report(); }};
      });
}

}  // namespace gather::host

#endif  // GATHER_SERVER_HOST_RUN_AGGREGATOR_H_
