#ifndef GATHER_SERVER_AGGREGATOR_SERVICE_H_
#define GATHER_SERVER_AGGREGATOR_SERVICE_H_

#include <vector>

#include "gather/aggregator/v1/aggregator.pb.h"
#include "server/aggregator/overview.h"
#include "server/async/task.h"
#include "server/fanout/aggregator.h"
#include "server/rpc/server.h"
#include "server/rpc/server_call.h"
#include "server/rpc/spliced.h"
#include "server/rpc/stream_method.h"

namespace gather::aggregator {

// gather.aggregator.v1.AggregatorService.
//
// Thread: handlers run on the server's loops, Report() on any.
// Lifetime: must outlive the server that it is added to.
class AggregatorService {
 public:
  using Product = Overview;

  // As fanout::Aggregator's.
  AggregatorService(fanout::Catalog catalog, const fanout::Channels& channels,
                    fanout::Settings settings, int event_loops);

  void AddTo(rpc::Server& server);

  std::vector<fanout::SectionReport> Report() const {
    return aggregator_.Report();
  }

 private:
  async::Task<grpc::Status> StreamOverview(
      rpc::ServerCall& call, const v1::StreamOverviewRequest& request,
      rpc::StreamWriter<rpc::Spliced<Overview::Part>>& writer);

  fanout::Aggregator<Overview> aggregator_;
};

}  // namespace gather::aggregator

#endif  // GATHER_SERVER_AGGREGATOR_SERVICE_H_
