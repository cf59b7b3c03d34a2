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
  server.AddUnary("gather.aggregator.v1.AggregatorService/GetOverview",
                  service_, &AsyncService::RequestGetOverview,
                  std::bind_front(&AggregatorService::GetOverview, this));
  server.AddStream("gather.aggregator.v1.AggregatorService/StreamOverview",
                   service_, &AsyncService::RequestStreamOverview,
                   std::bind_front(&AggregatorService::StreamOverview, this));
}

async::Task<grpc::Status> AggregatorService::GetOverview(
    rpc::ServerCall& call, const v1::GetOverviewRequest& request,
    v1::GetOverviewResponse* response) {
  return aggregator_.Answer(call, request, response);
}

async::Task<grpc::Status> AggregatorService::StreamOverview(
    rpc::ServerCall& call, const v1::StreamOverviewRequest& request,
    rpc::StreamWriter<v1::StreamOverviewResponse>& writer) {
  return aggregator_.Stream(call, ToGetRequest(request), writer);
}

}  // namespace gather::aggregator
