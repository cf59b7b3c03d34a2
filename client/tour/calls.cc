#include "client/tour/calls.h"

#include <chrono>

#include "gather/order/v1/order.grpc.pb.h"
#include "gather/product/v1/product.grpc.pb.h"
#include "gather/user/v1/user.grpc.pb.h"
#include "server/aggregator/plan.h"
#include "server/aggregator/sources.h"
#include "server/async/gather.h"
#include "server/rpc/client_call.h"
#include "server/rpc/status.h"

namespace gather::client::tour {
namespace {

using aggregator::OrdersSource;
using aggregator::ProductsSource;
using aggregator::SectionName;
using aggregator::UserSource;

aggregator::v1::GetOverviewRequest Overview() {
  aggregator::v1::GetOverviewRequest request;
  request.set_user_id(kUserId);
  return request;
}

template <typename Source, typename Stub, typename Reply>
absl::Status Block(const Backends& backends,
                   grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                const typename Source::Request&,
                                                Reply*),
                   grpc::ClientContext& context) {
  Stub stub(backends.channel(Source::kSection));
  Reply reply;
  return rpc::ToAbsl(
      (stub.*method)(&context, Source::MakeRequest(Overview()), &reply));
}

template <typename Source>
async::Task<absl::Status> CallSource(async::EventLoop& loop,
                                     const Backends& backends,
                                     std::stop_token stop) {
  loop.set_activity(SectionName(Source::kSection));
  typename Source::Stub stub(backends.channel(Source::kSection));
  const typename Source::Request request = Source::MakeRequest(Overview());
  rpc::CallOptions options;
  options.deadline = Clock::now() + kPatience;
  options.stop = std::move(stop);
  rpc::UnaryCall call(loop, stub, Source::kCall, request, std::move(options));
  const auto reply = co_await call;
  co_return reply.status();
}

}  // namespace

absl::Status CallAndBlock(const Backends& backends, Section section,
                          grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  switch (section) {
    case aggregator::v1::SECTION_USER:
      return Block<UserSource>(backends, &user::v1::UserService::Stub::GetUser,
                               context);
    case aggregator::v1::SECTION_ORDERS:
      return Block<OrdersSource>(
          backends, &order::v1::OrderService::Stub::ListOrders, context);
    default:
      return Block<ProductsSource>(
          backends, &product::v1::ProductService::Stub::ListRecommendedProducts,
          context);
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
                               Section section, std::stop_token stop) {
  switch (section) {
    case aggregator::v1::SECTION_USER:
      return CallSource<UserSource>(loop, backends, std::move(stop));
    case aggregator::v1::SECTION_ORDERS:
      return CallSource<OrdersSource>(loop, backends, std::move(stop));
    default:
      return CallSource<ProductsSource>(loop, backends, std::move(stop));
  }
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
  std::vector<Span> spans(std::size(kSections));
  const auto run = [&]() -> async::Task<> {
    loop.set_activity("gather");
    (void)co_await async::Gather(
        Measure(loop, backends, kSections[0], spans[0]),
        Measure(loop, backends, kSections[1], spans[1]),
        Measure(loop, backends, kSections[2], spans[2]));
    loop.set_activity("gather");
  };
  loop.RunUntilComplete(run());
  return spans;
}

}  // namespace gather::client::tour
