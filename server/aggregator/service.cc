#include "server/aggregator/service.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <stop_token>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/aggregator/merge.h"
#include "server/aggregator/plan.h"
#include "server/aggregator/stream.h"
#include "server/async/clock.h"
#include "server/async/gather.h"
#include "server/async/linked_stop.h"
#include "server/rpc/status.h"

namespace gather::aggregator {

using async::Clock;

namespace {

// Both mean the same: one check and one fan-out serve either.
v1::GetOverviewRequest ToGetRequest(const v1::StreamOverviewRequest& request) {
  v1::GetOverviewRequest get;
  get.set_user_id(request.user_id());
  *get.mutable_read_mask() = request.read_mask();
  *get.mutable_required_sections() = request.required_sections();
  get.set_order_page_size(request.order_page_size());
  get.set_product_page_size(request.product_page_size());
  return get;
}

FanOutTimes StartNow() {
  const Clock::time_point start = Clock::now();
  return {.start = start,
          .end = start,
          .wall_start = std::chrono::system_clock::now()};
}

grpc::Status CallerGone() {
  return {grpc::StatusCode::CANCELLED, "the caller went away"};
}

}  // namespace

AggregatorService::AggregatorService(const Channels& channels,
                                     const Timeouts& timeouts,
                                     const rpc::RetryPolicy& retry,
                                     int event_loops,
                                     std::vector<std::string> forwarded_keys)
    : timeouts_(timeouts),
      retry_(retry),
      forwarded_keys_(std::move(forwarded_keys)) {
  for (int i = 0; i < event_loops; ++i) {
    backends_.push_back(std::make_unique<Backends>(channels));
  }
}

void AggregatorService::AddTo(rpc::Server& server) {
  server.AddUnary("gather.aggregator.v1.AggregatorService/GetOverview",
                  service_, &AsyncService::RequestGetOverview,
                  std::bind_front(&AggregatorService::GetOverview, this));
  server.AddStream("gather.aggregator.v1.AggregatorService/StreamOverview",
                   service_, &AsyncService::RequestStreamOverview,
                   std::bind_front(&AggregatorService::StreamOverview, this));
}

template <typename Source>
AggregatorService::SectionReport AggregatorService::ReportOn(
    Backend<Source> Backends::* backend) const {
  SectionReport report{.section = SectionName(Source::kSection),
                       .method = Source::kMethod,
                       .calls = {},
                       .results = {}};
  for (const auto& backends : backends_) {
    ((*backends).*backend).calls.AddTo(report.calls);
    ((*backends).*backend).results.AddTo(report.results);
  }
  return report;
}

std::vector<AggregatorService::SectionReport> AggregatorService::Report()
    const {
  return {ReportOn(&Backends::user), ReportOn(&Backends::orders),
          ReportOn(&Backends::products)};
}

absl::StatusOr<AggregatorService::Begun> AggregatorService::Begin(
    const rpc::ServerCall& call, const v1::GetOverviewRequest& request) const {
  const absl::StatusOr<Plan> plan = MakePlan(request);
  if (!plan.ok()) return plan.status();
  absl::Status forwardable = CheckForwarded(call);
  if (!forwardable.ok()) return forwardable;
  const FanOutTimes times = StartNow();
  const Clock::time_point deadline =
      BranchDeadline(timeouts_, times.start, call.deadline());
  if (deadline <= times.start) {
    return absl::DeadlineExceededError("the deadline had passed on arrival");
  }
  return Begun{.plan = *plan, .times = times, .deadline = deadline};
}

// gRPC hands in any byte that a header came with, and ends the process where it
// is told to send one that is not printable.
absl::Status AggregatorService::CheckForwarded(
    const rpc::ServerCall& call) const {
  for (const std::string& key : forwarded_keys_) {
    if (absl::EndsWith(key, "-bin")) continue;  // sent as base64
    for (const std::string_view value : call.AllMetadata(key)) {
      if (std::all_of(value.begin(), value.end(), absl::ascii_isprint)) {
        continue;
      }
      return absl::InvalidArgumentError(
          absl::StrCat("metadata ", key, ": must be printable ASCII"));
    }
  }
  return absl::OkStatus();
}

FanOut AggregatorService::MakeFanOut(rpc::ServerCall& call,
                                     const v1::GetOverviewRequest& request,
                                     const Begun& begun,
                                     std::stop_token stop) const {
  return {.call = call,
          .request = request,
          .plan = begun.plan,
          .retry = retry_,
          .deadline = begun.deadline,
          .stop = std::move(stop),
          .forwarded_keys = forwarded_keys_};
}

async::Task<grpc::Status> AggregatorService::GetOverview(
    rpc::ServerCall& call, const v1::GetOverviewRequest& request,
    v1::GetOverviewResponse* response) {
  absl::StatusOr<Begun> begun = Begin(call, request);
  if (!begun.ok()) co_return rpc::ToGrpc(begun.status());

  // The caller's going away and a required section's failure both stop all.
  async::LinkedStop cancel(call.stop_token());

  Backends& backends = *backends_[call.loop_index()];
  const FanOut fan_out = MakeFanOut(call, request, *begun, cancel.token());
  auto [user, orders, products] =
      co_await async::GatherFailFast(cancel.source(),                  //
                                     Fetch(fan_out, backends.user),    //
                                     Fetch(fan_out, backends.orders),  //
                                     Fetch(fan_out, backends.products));

  if (call.stop_token().stop_requested()) co_return CallerGone();
  begun->times.end = Clock::now();
  co_return rpc::ToGrpc(Merge({.user = std::move(user),
                               .orders = std::move(orders),
                               .products = std::move(products),
                               .times = begun->times},
                              response));
}

async::Task<grpc::Status> AggregatorService::StreamOverview(
    rpc::ServerCall& call, const v1::StreamOverviewRequest& stream_request,
    rpc::StreamWriter<v1::StreamOverviewResponse>& writer) {
  const v1::GetOverviewRequest request = ToGetRequest(stream_request);
  const absl::StatusOr<Begun> begun = Begin(call, request);
  if (!begun.ok()) co_return rpc::ToGrpc(begun.status());

  async::LinkedStop cancel(call.stop_token());

  const FanOut fan_out = MakeFanOut(call, request, *begun, cancel.token());
  OverviewStream stream(call.loop(), writer, cancel.source(), begun->times);
  const absl::Status outcome =
      co_await stream.Run(fan_out, *backends_[call.loop_index()]);
  if (call.stop_token().stop_requested()) co_return CallerGone();
  co_return rpc::ToGrpc(outcome);
}

}  // namespace gather::aggregator
