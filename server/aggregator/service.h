#ifndef GATHER_SERVER_AGGREGATOR_SERVICE_H_
#define GATHER_SERVER_AGGREGATOR_SERVICE_H_

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gather/aggregator/v1/aggregator.grpc.pb.h"
#include "server/aggregator/backends.h"
#include "server/aggregator/budget.h"
#include "server/aggregator/fetch.h"
#include "server/aggregator/merge.h"
#include "server/aggregator/plan.h"
#include "server/aggregator/section_stats.h"
#include "server/async/clock.h"
#include "server/async/task.h"
#include "server/rpc/call_stats.h"
#include "server/rpc/retry.h"
#include "server/rpc/server.h"
#include "server/rpc/server_call.h"
#include "server/rpc/stream_method.h"

namespace gather::aggregator {

// gather.aggregator.v1.AggregatorService.
//
// Thread: handlers run on the server's loops, each with state of its own.
// Lifetime: must outlive the server that it is added to.
class AggregatorService {
 public:
  // `forwarded_keys` names the metadata of a request that goes on to the
  // backends; nothing else does. `event_loops` is that of the server.
  AggregatorService(const Channels& channels, const Timeouts& timeouts,
                    const rpc::RetryPolicy& retry, int event_loops,
                    std::vector<std::string> forwarded_keys = {});

  void AddTo(rpc::Server& server);

  // What has been counted so far of one section and its backend.
  struct SectionReport {
    const char* section;  // as SectionName()
    const char* method;   // the backend's: "package.Service/Method"
    rpc::CallTotals calls;
    SectionTotals results;
  };
  // Of all of them. Thread: any.
  std::vector<SectionReport> Report() const;

 private:
  using AsyncService = v1::AggregatorService::AsyncService;

  // A request that is to be served.
  struct Begun {
    Plan plan;
    FanOutTimes times;  // but for the end
    async::Clock::time_point deadline;
  };

  // INVALID_ARGUMENT or DEADLINE_EXCEEDED where no backend is to be called.
  absl::StatusOr<Begun> Begin(const rpc::ServerCall& call,
                              const v1::GetOverviewRequest& request) const;
  // INVALID_ARGUMENT where metadata that is to be forwarded can't be.
  absl::Status CheckForwarded(const rpc::ServerCall& call) const;
  template <typename Source>
  SectionReport ReportOn(Backend<Source> Backends::* backend) const;
  // Refers to its arguments.
  FanOut MakeFanOut(rpc::ServerCall& call,
                    const v1::GetOverviewRequest& request, const Begun& begun,
                    std::stop_token stop) const;

  async::Task<grpc::Status> GetOverview(rpc::ServerCall& call,
                                        const v1::GetOverviewRequest& request,
                                        v1::GetOverviewResponse* response);
  async::Task<grpc::Status> StreamOverview(
      rpc::ServerCall& call, const v1::StreamOverviewRequest& request,
      rpc::StreamWriter<v1::StreamOverviewResponse>& writer);

  const Timeouts timeouts_;
  const rpc::RetryPolicy retry_;
  const std::vector<std::string> forwarded_keys_;
  std::vector<std::unique_ptr<Backends>> backends_;  // one a loop
  AsyncService service_;
};

}  // namespace gather::aggregator

#endif  // GATHER_SERVER_AGGREGATOR_SERVICE_H_
