#ifndef GATHER_SERVER_OPS_SPANS_SPAN_EXPORTER_H_
#define GATHER_SERVER_OPS_SPANS_SPAN_EXPORTER_H_

#include <grpcpp/channel.h>
#include <grpcpp/support/byte_buffer.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <semaphore>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "server/async/clock.h"
#include "server/async/counter.h"
#include "server/async/event_loop.h"
#include "server/async/task.h"
#include "server/ops/log/log.h"
#include "server/ops/metrics/metric_families.h"
#include "server/ops/spans/export_request.h"
#include "server/ops/spans/sampler.h"
#include "server/ops/spans/span_encoder.h"
#include "server/ops/spans/span_queue.h"
#include "server/rpc/method_stub.h"
#include "server/rpc/retry.h"
#include "server/rpc/span.h"

namespace gather::ops {

struct SpanExporterOptions {
  // To the collector.
  std::shared_ptr<grpc::Channel> channel;
  std::string target;  // the same, for the log
  // What this process is called in the traces.
  std::string service_name;
  Sampler sampler = {};
  // Of the server whose spans it takes.
  int event_loops = 1;
  SpanQueue::Limits queue = {};
  // How long the spans of a request that has ended wait for others at most. One
  // that ends later waits for the end of its loop's next request.
  async::Clock::duration interval = std::chrono::seconds(1);
  // How long one batch may take, retries included. OTLP's default.
  async::Clock::duration timeout = std::chrono::seconds(10);
  // How long the end of an exporter may take.
  async::Clock::duration flush_timeout = std::chrono::seconds(2);
};

// Sends spans to a collector, in batches, by OTLP over gRPC
// (https://opentelemetry.io/docs/specs/otlp/#otlpgrpc). Loops encode theirs and
// put them on a queue, and one thread sends them: a collector that is slow,
// hangs or is away costs spans, which are dropped and counted, and no call
// anything.
//
// Thread: any, as SpanSink says; has one of its own.
// Lifetime: outlives the server. Its end sends what is left, within
// flush_timeout.
class SpanExporter final : public rpc::SpanSink {
 public:
  // `logger` outlives it.
  SpanExporter(SpanExporterOptions options, Logger& logger);
  ~SpanExporter() override;
  SpanExporter(const SpanExporter&) = delete;
  SpanExporter& operator=(const SpanExporter&) = delete;

  bool Samples(const rpc::TraceContext& trace) const override {
    return options_.sampler.Samples(trace);
  }
  void Record(int loop_index, const rpc::TraceContext& trace,
              const rpc::TraceId& trace_id,
              const rpc::Span& span) noexcept override;

  // What became of the spans. Thread: any.
  void AddFamilies(MetricFamilies& families) const;

 private:
  using Reply =
      opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse;
  using Stub = rpc::MethodStub<grpc::ByteBuffer, Reply>;

  // What a loop has to itself.
  struct OfLoop {
    // Holds those of a request that goes on: the queue's lock is taken once for
    // all of them.
    SpanEncoder encoder;
    async::Counter dropped;
  };

  void HandOver(std::size_t loop) noexcept;
  void Run();
  void SetClock();
  async::Task<> Export(SpanBatch batch);
  async::Task<absl::StatusOr<Reply>> Send(const grpc::ByteBuffer& request);
  void Count(const absl::StatusOr<Reply>& reply, uint64_t spans);

  const SpanExporterOptions options_;
  Logger& logger_;
  const ExportRequest request_;
  std::vector<std::unique_ptr<OfLoop>> loops_;
  SpanQueue queue_;
  // Between async::Clock and the time since 1970, in nanoseconds.
  std::atomic<int64_t> wall_offset_{0};

  // Of the thread's, but for what any thread reads.
  async::EventLoop loop_;
  Stub stub_;
  rpc::RetryThrottle throttle_;
  bool failing_ = false;
  async::Counter exported_;
  async::Counter failed_;
  async::Counter rejected_;

  std::stop_source abandon_;  // what is still to be sent
  std::binary_semaphore done_{0};
  std::jthread thread_;  // last: uses the others
};

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_SPANS_SPAN_EXPORTER_H_
