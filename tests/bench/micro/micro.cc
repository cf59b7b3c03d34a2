// What the parts of an overview cost by themselves.

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "gather/aggregator/v1/aggregator.pb.h"
#include "server/aggregator/overview.h"
#include "server/async/event_loop.h"
#include "server/async/gather.h"
#include "server/async/task.h"
#include "server/fanout/catalog.h"
#include "server/fanout/fan_out.h"
#include "server/fanout/fetch.h"
#include "server/fanout/plan.h"
#include "server/fanout/sink.h"
#include "server/rpc/server_call.h"
#include "server/rpc/spliced.h"
#include "server/rpc/trace.h"
#include "server/rpc/undecoded.h"
#include "server/rpc/wire_check.h"

namespace gather {
namespace {

using aggregator::Overview;
using async::Task;
using fanout::Fetched;
using Replies = Overview::Sections::TupleOf<Fetched>;

Task<int> Number(int number) { co_return number; }

// `await` awaits once for each iteration of the benchmark, on one loop.
template <typename Await>
void RunOnLoop(benchmark::State& state, Await await) {
  async::EventLoop loop;
  loop.RunUntilComplete(await(state));
}

Task<> AwaitTasks(benchmark::State& state) {
  for (auto _ : state) {
    const int number = co_await Number(1);
    benchmark::DoNotOptimize(number);
  }
}
void BM_Task(benchmark::State& state) { RunOnLoop(state, AwaitTasks); }
BENCHMARK(BM_Task);

Task<> Gather3(benchmark::State& state) {
  for (auto _ : state) {
    auto numbers = co_await async::Gather(Number(1), Number(2), Number(3));
    benchmark::DoNotOptimize(numbers);
  }
}
void BM_Gather3(benchmark::State& state) { RunOnLoop(state, Gather3); }
BENCHMARK(BM_Gather3);

Task<> Gather16(benchmark::State& state) {
  for (auto _ : state) {
    std::vector<Task<int>> tasks;
    tasks.reserve(16);
    for (int i = 0; i < 16; ++i) tasks.push_back(Number(i));
    auto numbers = co_await async::Gather(std::move(tasks));
    benchmark::DoNotOptimize(numbers);
  }
}
void BM_Gather16(benchmark::State& state) { RunOnLoop(state, Gather16); }
BENCHMARK(BM_Gather16);

template <typename S>
Fetched<S> Arrived(const google::protobuf::Message& reply) {
  typename fanout::BackendOf<S>::Wire wire;
  if (!wire.ParseFromString(reply.SerializeAsString())) std::abort();
  Fetched<S> fetched;
  fetched.reply.emplace(std::move(wire));
  fetched.landing.duration = std::chrono::milliseconds(1);
  fetched.landing.attempts = 1;
  return fetched;
}

// Replies with so many orders and products.
Replies MakeReplies(int64_t count) {
  user::v1::GetUserResponse user;
  user.mutable_user()->set_id("small");
  user.mutable_user()->set_display_name("Alice Marchetti");
  order::v1::ListOrdersResponse orders;
  product::v1::ListRecommendedProductsResponse products;
  const product::v1::BatchGetProductsResponse purchases;  // not asked for
  for (int64_t i = 0; i < count; ++i) {
    order::v1::Order* order = orders.add_orders();
    order->set_id("order-" + std::to_string(i));
    order->add_line_items()->set_product_name("Watchful Pot, 5 l");
    products.add_products()->set_description(std::string(100, 'x'));
  }
  return {Arrived<aggregator::User>(user), Arrived<aggregator::Orders>(orders),
          Arrived<aggregator::Products>(products),
          Arrived<aggregator::Purchases>(purchases)};
}

// Lands each reply in a response and finishes that.
absl::Status Land(fanout::FanOut& fan_out, fanout::SectionStats& stats,
                  Replies& replies,
                  rpc::Spliced<Overview::Response>* response) {
  fanout::ResponseSink sink(response);
  std::size_t place = 0;
  std::apply(
      [&](auto&... each) { (sink.Land(fan_out, place++, stats, each), ...); },
      replies);
  sink.Settle(fan_out);
  absl::Status outcome = fan_out.score.Outcome();
  sink.Finish(fan_out);
  return outcome;
}

void BM_Land(benchmark::State& state) {
  async::EventLoop loop;
  rpc::TraceIds ids(1);
  const fanout::Catalog catalog = *fanout::MakeCatalog<Overview>();
  const fanout::Settings settings;
  const Overview::Request request;
  const fanout::Plan plan = *fanout::MakePlan(
      catalog, request.read_mask().paths(), request.required_mask().paths());
  fanout::SectionStats stats;
  const Replies replies = MakeReplies(state.range(0));
  for (auto _ : state) {
    state.PauseTiming();
    Replies mine = replies;
    rpc::Spliced<Overview::Response> response;
    rpc::ServerCall call(loop, 0, ids, "bench");
    fanout::FanOut fan_out(call, catalog, settings, plan);
    state.ResumeTiming();
    benchmark::DoNotOptimize(Land(fan_out, stats, mine, &response));
    benchmark::DoNotOptimize(response);
  }
}
BENCHMARK(BM_Land)->Arg(3)->Arg(100);

// What is spared of a list that is relayed, and what it costs instead.
std::string List(int64_t count) {
  order::v1::ListOrdersResponse orders;
  for (int64_t i = 0; i < count; ++i) {
    order::v1::Order* order = orders.add_orders();
    order->set_id("order-" + std::to_string(i));
    order::v1::LineItem* item = order->add_line_items();
    item->set_product_id("pot-watchful-5l");
    item->set_product_name("Watchful Pot, 5 l");
    item->mutable_unit_price()->set_units(12);
  }
  return orders.SerializeAsString();
}

void BM_ParseList(benchmark::State& state) {
  const std::string bytes = List(state.range(0));
  for (auto _ : state) {
    order::v1::ListOrdersResponse orders;
    benchmark::DoNotOptimize(orders.ParseFromString(bytes));
  }
}
BENCHMARK(BM_ParseList)->Arg(3)->Arg(100);

void BM_FindFields(benchmark::State& state) {
  const std::string bytes = List(state.range(0));
  for (auto _ : state) {
    rpc::Undecoded orders;
    benchmark::DoNotOptimize(orders.ParseFromString(bytes));
  }
}
BENCHMARK(BM_FindFields)->Arg(3)->Arg(100);

void BM_CheckList(benchmark::State& state) {
  const std::string bytes = List(state.range(0));
  const rpc::WireCheck check(*order::v1::ListOrdersResponse::descriptor());
  for (auto _ : state) benchmark::DoNotOptimize(check.Accepts(bytes));
}
BENCHMARK(BM_CheckList)->Arg(3)->Arg(100);

// What the second stage finds in a list that is relayed: the ids of its
// products.
void BM_FindIds(benchmark::State& state) {
  aggregator::Orders::Reply::Wire wire;
  if (!wire.ParseFromString(List(state.range(0)))) std::abort();
  const aggregator::Orders::Reply orders(std::move(wire));
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        orders.Texts({order::v1::ListOrdersResponse::kOrdersFieldNumber,
                      order::v1::Order::kLineItemsFieldNumber,
                      order::v1::LineItem::kProductIdFieldNumber}));
  }
}
BENCHMARK(BM_FindIds)->Arg(3)->Arg(100);

}  // namespace
}  // namespace gather

BENCHMARK_MAIN();
