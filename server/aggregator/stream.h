#ifndef GATHER_SERVER_AGGREGATOR_STREAM_H_
#define GATHER_SERVER_AGGREGATOR_STREAM_H_

#include <stop_token>

#include "absl/status/status.h"
#include "gather/aggregator/v1/aggregator.pb.h"
#include "server/aggregator/backends.h"
#include "server/aggregator/fetch.h"
#include "server/aggregator/merge.h"
#include "server/async/bounded_queue.h"
#include "server/async/event_loop.h"
#include "server/async/task.h"
#include "server/rpc/stream_method.h"

namespace gather::aggregator {

// One stream of sections: asyncio.as_completed. The branches of a fan-out
// produce parts into a bounded queue, and a writer sends them, first come first
// served. A slow reader holds the writer and the summary, nobody else.
//
// Thread: the loop's. Lifetime: what the constructor is given must outlive
// Run().
class OverviewStream {
 public:
  using Part = v1::StreamOverviewResponse;

  // `cancel` stops the fan-out; `times` says when it began.
  OverviewStream(async::EventLoop& loop, rpc::StreamWriter<Part>& writer,
                 std::stop_source& cancel, const FanOutTimes& times);

  // Sends every section and the summary. Not OK as for GetOverview.
  async::Task<absl::Status> Run(const FanOut& fan_out, Backends& backends);

 private:
  template <typename Source>
  async::Task<absl::Status> Produce(const FanOut& fan_out,
                                    Backend<Source>& backend);
  async::Task<absl::Status> ProduceAll(const FanOut& fan_out,
                                       Backends& backends);
  async::Task<absl::Status> Summarize(std::stop_token stop);
  async::Task<absl::Status> Send();

  rpc::StreamWriter<Part>& writer_;
  std::stop_source& cancel_;
  FanOutTimes times_;
  Merger merger_;
  async::BoundedQueue<Part> parts_;
};

}  // namespace gather::aggregator

#endif  // GATHER_SERVER_AGGREGATOR_STREAM_H_
