#include "client/tour/calls.h"

#include <chrono>
#include <utility>

#include "gather/aggregator/v1/aggregator.pb.h"
#include "gather/order/v1/order.grpc.pb.h"
#include "gather/product/v1/product.grpc.pb.h"
#include "gather/user/v1/user.grpc.pb.h"
#include "server/async/gather.h"
#include "server/rpc/status.h"

namespace gather::client::tour {
namespace {

using aggregator::Orders;
using aggregator::Products;
using aggregator::User;
using order::v1::OrderService;
using product::v1::ProductService;
using user::v1::UserService;

// What the product would ask the section's backend.
template <typename S>
typename S::Request RequestOf() {
  return S::Ask(MakeOverviewRequest<aggregator::v1::GetOverviewRequest>());
}

template <typename S, typename Stub, typename Reply>
absl::Status Block(const std::shared_ptr<grpc::Channel>& channel,
                   grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                const typename S::Request&,
                                                Reply*),
                   grpc::ClientContext& context) {
  Stub stub(channel);
  Reply reply;
  return rpc::ToAbsl((stub.*method)(&context, RequestOf<S>(), &reply));
}

template <typename S>
async::Task<absl::Status> CallBackendOf(
    async::EventLoop& loop, const std::shared_ptr<grpc::Channel>& channel,
    std::stop_token stop, Clock::duration timeout) {
  loop.set_activity(SectionName(kSections[Sections::IndexOf<S>()]).c_str());
  const auto reply =
      co_await Ask<S>(loop, channel, RequestOf<S>(), std::move(stop), timeout);
  co_return reply.status();
}

}  // namespace

absl::Status CallAndBlock(const Backends& backends, Section section,
                          grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  const auto& channel = backends.channel(section);
  switch (section) {
    case kUser:
      return Block<User>(channel, &UserService::Stub::GetUser, context);
    case kOrders:
      return Block<Orders>(channel, &OrderService::Stub::ListOrders, context);
    default:
      return Block<Products>(
          channel, &ProductService::Stub::ListRecommendedProducts, context);
  }
}

Span CallAndBlock(const Backends& backends, Section section) {
  grpc::ClientContext context;
  Span span{.name = SectionName(section), .start = Clock::now()};
  span.status = CallAndBlock(backends, section, context);
  span.end = Clock::now();
  return span;
}

async::Task<absl::Status> Call(async::EventLoop& loop, const Backends& backends,
                               Section section, std::stop_token stop,
                               Clock::duration timeout) {
  const auto& channel = backends.channel(section);
  switch (section) {
    case kUser:
      return CallBackendOf<User>(loop, channel, std::move(stop), timeout);
    case kOrders:
      return CallBackendOf<Orders>(loop, channel, std::move(stop), timeout);
    default:
      return CallBackendOf<Products>(loop, channel, std::move(stop), timeout);
  }
}

async::Task<absl::StatusOr<Overview>> AskOverview(
    async::EventLoop& loop, const Aggregator& aggregator) {
  using Request = aggregator::v1::GetOverviewRequest;
  using Stub = rpc::MethodStub<Request, Overview>;
  Stub stub(aggregator.channel(),
            "gather.aggregator.v1.AggregatorService/GetOverview");
  const auto request = MakeOverviewRequest<Request>();
  rpc::CallOptions options;
  options.deadline = Clock::now() + kPatience;
  rpc::UnaryCall call(loop, stub, &Stub::PrepareAsync, request,
                      std::move(options));
  co_return co_await call;
}

async::Task<> Measure(async::EventLoop& loop, const Backends& backends,
                      Section section, Span& span) {
  span.name = SectionName(section);
  span.start = Clock::now();
  span.status = co_await Call(loop, backends, section);
  span.end = Clock::now();
}

std::vector<Span> GatherOnLoop(async::EventLoop& loop,
                               const Backends& backends) {
  std::vector<Span> spans(kSections.size());
  // tour: begin
  const auto run = [&]() -> async::Task<> {
    loop.set_activity("gather");
    (void)co_await async::Gather(Measure(loop, backends, kUser, spans[0]),
                                 Measure(loop, backends, kOrders, spans[1]),
                                 Measure(loop, backends, kProducts, spans[2]));
    loop.set_activity("gather");
  };
  loop.RunUntilComplete(run());
  // tour: end
  return spans;
}

}  // namespace gather::client::tour
