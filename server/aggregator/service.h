#ifndef GATHER_SERVER_AGGREGATOR_SERVICE_H_
#define GATHER_SERVER_AGGREGATOR_SERVICE_H_

#include <grpcpp/channel.h>

#include <memory>
#include <vector>

#include "gather/aggregator/v1/aggregator.grpc.pb.h"
#include "server/aggregator/budget.h"
#include "server/aggregator/fetch.h"
#include "server/aggregator/sources.h"
#include "server/async/task.h"
#include "server/rpc/retry.h"
#include "server/rpc/server.h"
#include "server/rpc/server_call.h"

namespace gather::aggregator {

// The ways to the three backends.
struct Channels {
  std::shared_ptr<grpc::Channel> user;
  std::shared_ptr<grpc::Channel> orders;
  std::shared_ptr<grpc::Channel> products;
};

// gather.aggregator.v1.AggregatorService.
//
// Thread: handlers run on the server's loops, each with state of its own.
// Lifetime: must outlive the server that it is added to.
class AggregatorService {
 public:
  // `event_loops` is that of the server.
  AggregatorService(const Channels& channels, const Timeouts& timeouts,
                    const rpc::RetryPolicy& retry, int event_loops);

  void AddTo(rpc::Server& server);

 private:
  // StreamOverview is left to gRPC's UNIMPLEMENTED.
  using AsyncService = v1::AggregatorService::WithAsyncMethod_GetOverview<
      v1::AggregatorService::Service>;

  // One loop's backends.
  struct Backends {
    explicit Backends(const Channels& channels)
        : user(channels.user),
          orders(channels.orders),
          products(channels.products) {}

    Backend<UserSource> user;
    Backend<OrdersSource> orders;
    Backend<ProductsSource> products;
  };

  async::Task<grpc::Status> GetOverview(rpc::ServerCall& call,
                                        const v1::GetOverviewRequest& request,
                                        v1::GetOverviewResponse* response);

  const Timeouts timeouts_;
  const rpc::RetryPolicy retry_;
  std::vector<std::unique_ptr<Backends>> backends_;  // one a loop
  AsyncService service_;
};

}  // namespace gather::aggregator

#endif  // GATHER_SERVER_AGGREGATOR_SERVICE_H_
