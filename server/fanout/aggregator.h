#ifndef GATHER_SERVER_FANOUT_AGGREGATOR_H_
#define GATHER_SERVER_FANOUT_AGGREGATOR_H_

#include <cassert>
#include <cstddef>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/async/gather.h"
#include "server/async/task.h"
#include "server/fanout/backend_of.h"
#include "server/fanout/branches.h"
#include "server/fanout/catalog.h"
#include "server/fanout/fan_out.h"
#include "server/fanout/fetch.h"
#include "server/fanout/plan.h"
#include "server/fanout/section.h"
#include "server/fanout/sink.h"
#include "server/fanout/soft_timeout.h"
#include "server/rpc/call_stats.h"
#include "server/rpc/channel_pool.h"
#include "server/rpc/server_call.h"
#include "server/rpc/spliced.h"
#include "server/rpc/status.h"
#include "server/rpc/stream_method.h"

namespace gather::fanout {

// What has been counted so far of one section and its backend's calls.
struct SectionReport {
  std::string section;
  std::string method;  // the backend's: "package.Service/Method"
  rpc::CallTotals calls;
  // Of calls that began on a connection that may have had no stream free.
  async::HistogramTotals stream_wait;
  SectionTotals results;
  const BackendPolicies* policies;  // lives as long as the aggregator
};

// Ways to each section's backend, in the order of the list.
using Channels = std::vector<rpc::ChannelPool>;

// Answers requests about a product: calls the backends of all sections that are
// asked for at the same time, and makes one answer of what they say.
//
//   server.AddUnary<Request, rpc::Spliced<Response>>(
//       "package.Service/Method",
//       std::bind_front(&Aggregator<Product>::Answer, &aggregator));
//
// Product is as section.h says.
//
// Thread: handlers run on the server's loops, each with state of its own;
// Report() on any. Lifetime: must outlive the server whose calls it answers.
template <typename Product>
class Aggregator {
 public:
  using Request = typename Product::Request;
  using Response = typename Product::Response;
  using Part = typename Product::Part;
  using Sections = typename Product::Sections;

  // `catalog` is MakeCatalog<Product>()'s; `event_loops` that of the server.
  Aggregator(Catalog catalog, const Channels& channels, Settings settings,
             int event_loops)
      : catalog_(std::move(catalog)),
        settings_(std::move(settings)),
        policies_(MakePolicies(catalog_, settings_, event_loops)) {
    assert(channels.size() == Sections::kSize);
    for (int i = 0; i < event_loops; ++i) {
      loops_.push_back(
          MakeBackends(channels, std::make_index_sequence<Sections::kSize>()));
    }
  }

  // A handler for a unary method.
  async::Task<grpc::Status> Answer(rpc::ServerCall& call,
                                   const Request& request,
                                   rpc::Spliced<Response>* response) {
    const absl::StatusOr<Plan> plan = PlanOf(request);
    if (!plan.ok()) co_return rpc::ToGrpc(plan.status());
    FanOut fan_out(call, catalog_, settings_, *plan);
    ResponseSink<Response> sink(response);
    const absl::Status outcome = co_await Run(fan_out, request, sink);
    co_return rpc::ToGrpc(outcome);
  }

  // A handler for a streaming method: each section the moment it is there,
  // last the summary.
  async::Task<grpc::Status> Stream(
      rpc::ServerCall& call, Request request,
      rpc::StreamWriter<rpc::Spliced<Part>>& writer) {
    const absl::StatusOr<Plan> plan = PlanOf(request);
    if (!plan.ok()) co_return rpc::ToGrpc(plan.status());
    FanOut fan_out(call, catalog_, settings_, *plan);
    StreamSink<Part> sink(call.loop(), Sections::kSize);
    auto [outcome, sent] = co_await async::Gather(
        RunAndClose(fan_out, request, sink), sink.Send(fan_out, writer));
    outcome.Update(sent);
    co_return rpc::ToGrpc(outcome);
  }

  const Catalog& catalog() const { return catalog_; }

  std::vector<SectionReport> Report() const {
    std::vector<SectionReport> reports;
    Sections::ForEach([&]<typename S>() {
      constexpr std::size_t kPlace = Sections::template IndexOf<S>();
      SectionReport& report = reports.emplace_back();
      report.section = catalog_.sections[kPlace].name;
      report.method = catalog_.sections[kPlace].method;
      report.policies = policies_[kPlace].get();
      for (const auto& backends : loops_) {
        std::get<kPlace>(*backends).calls.AddTo(report.calls);
        std::get<kPlace>(*backends).stream_wait.AddTo(report.stream_wait);
        std::get<kPlace>(*backends).results.AddTo(report.results);
      }
    });
    return reports;
  }

 private:
  using Backends = typename Sections::template TupleOf<BackendOf>;

  template <std::size_t... Place>
  std::unique_ptr<Backends> MakeBackends(const Channels& channels,
                                         std::index_sequence<Place...>) const {
    return std::make_unique<Backends>(
        WayToBackend{channels[Place], *policies_[Place]}...);
  }

  // INVALID_ARGUMENT, naming the field, where no backend is to be called.
  absl::StatusOr<Plan> PlanOf(const Request& request) const {
    absl::Status checked = Product::Check(request);
    if (!checked.ok()) return checked;
    return MakePlan(catalog_, request.read_mask().paths(),
                    RequiredPaths<Product>(request));
  }

  // The fan-out: all calls start together, but for those that need another's
  // reply, and their sections land in the sink as they end.
  template <typename Sink>
  async::Task<absl::Status> Run(FanOut& fan_out, const Request& request,
                                Sink& sink) {
    const absl::Status begin = fan_out.CheckBegin();
    if (!begin.ok()) co_return begin;
    Backends& backends =
        *loops_[static_cast<std::size_t>(fan_out.call.loop_index())];
    Branches<Product, Sink> branches(fan_out, backends, request, sink);
    if (const auto soft_timeout = SoftTimeoutOf(request, settings_)) {
      co_await AllOrGoodEnough(fan_out, branches, *soft_timeout);
    } else {
      auto all = branches.All();
      const auto landed = co_await all;
      branches.NoteBroken(landed);
    }
    sink.Settle(fan_out);
    const absl::Status outcome = fan_out.score.Outcome();
    if (outcome.ok()) sink.Finish(fan_out);
    co_return outcome;
  }

  async::Task<absl::Status> RunAndClose(FanOut& fan_out, const Request& request,
                                        StreamSink<Part>& sink) {
    // However it ends, or the sender would wait for ever.
    const auto closer = sink.Closer();
    co_return co_await Run(fan_out, request, sink);
  }

  const Catalog catalog_;
  const Settings settings_;
  const PoliciesOfSections policies_;
  std::vector<std::unique_ptr<Backends>> loops_;
};

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_AGGREGATOR_H_
