#include "server/aggregator/service.h"

#include <functional>
#include <utility>

namespace gather::aggregator {
namespace {

// Both have the same fields with the same numbers and meaning: one check and
// one fan-out serve either.
v1::GetOverviewRequest ToGetRequest(const v1::StreamOverviewRequest& request) {
  v1::GetOverviewRequest get;
  (void)get.ParseFromString(request.SerializeAsString());  // it was parsed once
  return get;
}

}  // namespace

AggregatorService::AggregatorService(fanout::Catalog catalog,
                                     const fanout::Channels& channels,
                                     fanout::Settings settings, int event_loops)
    : aggregator_(std::move(catalog), channels, std::move(settings),
                  event_loops) {}

void AggregatorService::AddTo(rpc::Server& server) {
  server.AddUnary<Overview::Request, rpc::Spliced<Overview::Response>>(
      "gather.aggregator.v1.AggregatorService/GetOverview",
      std::bind_front(&fanout::Aggregator<Overview>::Answer, &aggregator_));
  server.AddStream<v1::StreamOverviewRequest, rpc::Spliced<Overview::Part>>(
      "gather.aggregator.v1.AggregatorService/StreamOverview",
      std::bind_front(&AggregatorService::StreamOverview, this));
}

async::Task<grpc::Status> AggregatorService::StreamOverview(
    rpc::ServerCall& call, const v1::StreamOverviewRequest& request,
    rpc::StreamWriter<rpc::Spliced<Overview::Part>>& writer) {
  return aggregator_.Stream(call, ToGetRequest(request), writer);
}

}  // namespace gather::aggregator
