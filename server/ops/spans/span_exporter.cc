#include "server/ops/spans/span_exporter.h"

#include <algorithm>
#include <cstddef>
#include <new>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "server/async/timer.h"
#include "server/rpc/client_call.h"
#include "server/rpc/status.h"

namespace gather::ops {
namespace {

constexpr char kMethod[] =
    "opentelemetry.proto.collector.trace.v1.TraceService/Export";

// Of spans whose requests go on, in bytes.
constexpr std::size_t kMostBegun = std::size_t{16} * 1024;

// How often it looks for what the collector says.
constexpr std::chrono::milliseconds kPace(10);

// OTLP asks for a back-off that grows. After what else it lets be sent again,
// such as DEADLINE_EXCEEDED, the batch is given up: the next ones wait.
constexpr rpc::RetryPolicy kRetry = {
    .max_attempts = 5,
    .initial_backoff = std::chrono::milliseconds(500),
    .attempt_timeout = std::chrono::milliseconds(0)};

}  // namespace

SpanExporter::SpanExporter(SpanExporterOptions options, Logger& logger)
    : options_(std::move(options)),
      logger_(logger),
      request_(options_.service_name),
      queue_(options_.event_loops, options_.queue),
      stub_(options_.channel, kMethod) {
  loop_.set_pace(kPace);
  for (int i = 0; i < options_.event_loops; ++i) {
    loops_.push_back(std::make_unique<OfLoop>());
  }
  SetClock();
  thread_ = std::jthread([this] { Run(); });
}

SpanExporter::~SpanExporter() {
  for (std::size_t loop = 0; loop < loops_.size(); ++loop) HandOver(loop);
  queue_.Close();
  if (!done_.try_acquire_for(options_.flush_timeout)) abandon_.request_stop();
}

void SpanExporter::Record(int loop_index, const rpc::TraceContext& trace,
                          const rpc::TraceId& trace_id,
                          const rpc::Span& span) noexcept {
  const auto loop = static_cast<std::size_t>(loop_index);
  OfLoop& mine = *loops_[loop];
  try {
    const std::chrono::nanoseconds offset(
        wall_offset_.load(std::memory_order_relaxed));
    mine.encoder.Add(trace, trace_id, span, offset);
  } catch (const std::bad_alloc&) {
    mine.dropped.Add();
  }
  // The request's own span is its last.
  if (span.kind == rpc::Span::Kind::kServer ||
      mine.encoder.bytes().size() >= kMostBegun) {
    HandOver(loop);
  }
}

void SpanExporter::HandOver(std::size_t loop) noexcept {
  OfLoop& mine = *loops_[loop];
  SpanEncoder& spans = mine.encoder;
  if (spans.spans() == 0) return;
  bool queued = false;
  try {
    queued = queue_.Push(static_cast<int>(loop), spans.bytes(), spans.spans());
  } catch (const std::bad_alloc&) {
  }
  if (!queued) mine.dropped.Add(spans.spans());
  spans.Clear();
}

void SpanExporter::Run() {
  while (true) {
    // Asked first: what was pushed before is taken then.
    const bool closed = queue_.closed();
    std::vector<SpanBatch> batches =
        queue_.Take(async::Clock::now() + options_.interval);
    SetClock();
    for (SpanBatch& batch : batches) {
      loop_.RunUntilComplete(Export(std::move(batch)));
    }
    if (closed && batches.empty()) break;
  }
  done_.release();
}

// Often enough: the machine's clock may be set, or run a little faster.
void SpanExporter::SetClock() {
  const std::chrono::nanoseconds offset =
      std::chrono::system_clock::now().time_since_epoch() -
      async::Clock::now().time_since_epoch();
  wall_offset_.store(offset.count(), std::memory_order_relaxed);
}

async::Task<> SpanExporter::Export(SpanBatch batch) {
  const uint64_t spans = batch.spans;
  const grpc::ByteBuffer request = request_.Make(std::move(batch));
  const absl::StatusOr<Reply> reply = co_await Send(request);
  Count(reply, spans);
}

async::Task<absl::StatusOr<SpanExporter::Reply>> SpanExporter::Send(
    const grpc::ByteBuffer& request) {
  rpc::Retry retry(kRetry, throttle_, async::Clock::now() + options_.timeout);
  while (true) {
    rpc::UnaryCall<Stub, grpc::ByteBuffer, Reply> call(
        loop_, stub_, &Stub::PrepareAsync, request,
        {.deadline = retry.AttemptDeadline(), .stop = abandon_.get_token()});
    absl::StatusOr<Reply> reply = co_await call;
    const std::optional<async::Clock::duration> backoff =
        retry.After(reply.status());
    if (!backoff) co_return reply;
    async::SleepUntil sleep =
        async::SleepFor(loop_, *backoff, abandon_.get_token());
    const absl::Status slept = co_await sleep;
    if (!slept.ok()) co_return reply;
  }
}

void SpanExporter::Count(const absl::StatusOr<Reply>& reply, uint64_t spans) {
  if (reply.ok()) {
    const int64_t said = reply->partial_success().rejected_spans();
    const uint64_t rejected =
        std::min(spans, static_cast<uint64_t>(std::max<int64_t>(said, 0)));
    rejected_.Add(rejected);
    exported_.Add(spans - rejected);
  } else {
    failed_.Add(spans);
  }
  if (failing_ == !reply.ok()) return;
  failing_ = !reply.ok();
  if (failing_) {
    const std::string error = rpc::TextOf(reply.status());
    logger_.Log(LogLevel::kWarning, "spans not exported",
                {{"otlp_endpoint", std::string_view(options_.target)},
                 {"error", std::string_view(error)}});
  } else {
    logger_.Log(LogLevel::kInfo, "spans exported again",
                {{"otlp_endpoint", std::string_view(options_.target)}});
  }
}

void SpanExporter::AddFamilies(MetricFamilies& families) const {
  prometheus::MetricFamily exported = CounterFamily(
      "gather_spans_exported_total", "Spans that the collector has taken.");
  AddSample(exported, {}, static_cast<double>(exported_.value()));
  families.push_back(std::move(exported));

  uint64_t dropped = 0;
  for (const auto& loop : loops_) dropped += loop->dropped.value();
  prometheus::MetricFamily lost = CounterFamily(
      "gather_spans_dropped_total",
      "Spans lost: to a full queue, in batches that could not be sent, and "
      "those that the collector refused.");
  AddSample(lost, {{"reason", "queue_full"}}, static_cast<double>(dropped));
  AddSample(lost, {{"reason", "export_failed"}},
            static_cast<double>(failed_.value()));
  AddSample(lost, {{"reason", "rejected"}},
            static_cast<double>(rejected_.value()));
  families.push_back(std::move(lost));
}

}  // namespace gather::ops
