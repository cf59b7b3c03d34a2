// What the parts of an overview cost by themselves.

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gather/aggregator/v1/aggregator.pb.h"
#include "server/aggregator/merge.h"
#include "server/async/event_loop.h"
#include "server/async/gather.h"
#include "server/async/task.h"
#include "server/rpc/wire_check.h"

namespace gather {
namespace {

using aggregator::FanOutResult;
using aggregator::ListReply;
using aggregator::SectionResult;
using async::Task;

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

template <typename Reply>
SectionResult<Reply> Arrived(Reply reply) {
  SectionResult<Reply> result;
  result.reply = std::move(reply);
  result.duration = std::chrono::milliseconds(1);
  result.attempts = 1;
  return result;
}

ListReply Received(const google::protobuf::Message& whole) {
  ListReply reply;
  reply.ParseFromString(whole.SerializeAsString());
  return reply;
}

// Replies with so many orders and products.
FanOutResult Replies(int64_t count) {
  user::v1::GetUserResponse user;
  user.mutable_user()->set_id("small");
  user.mutable_user()->set_display_name("Alice Marchetti");
  order::v1::ListOrdersResponse orders;
  product::v1::ListRecommendedProductsResponse products;
  for (int64_t i = 0; i < count; ++i) {
    order::v1::Order* order = orders.add_orders();
    order->set_id("order-" + std::to_string(i));
    order->add_line_items()->set_product_name("Watchful Pot, 5 l");
    products.add_products()->set_description(std::string(100, 'x'));
  }
  return {.user = Arrived(std::move(user)),
          .orders = Arrived(Received(orders)),
          .products = Arrived(Received(products)),
          .times = {}};
}

void BM_Merge(benchmark::State& state) {
  const FanOutResult replies = Replies(state.range(0));
  for (auto _ : state) {
    state.PauseTiming();
    FanOutResult result = replies;
    aggregator::v1::GetOverviewResponse response;
    state.ResumeTiming();
    const absl::Status outcome =
        aggregator::Merge(std::move(result), &response);
    benchmark::DoNotOptimize(outcome);
    benchmark::DoNotOptimize(response);
  }
}
BENCHMARK(BM_Merge)->Arg(3)->Arg(100);

// What is spared of a list that is relayed, and what it costs instead.
std::string List(int64_t count) {
  order::v1::ListOrdersResponse orders;
  for (int64_t i = 0; i < count; ++i) {
    order::v1::Order* order = orders.add_orders();
    order->set_id("order-" + std::to_string(i));
    order::v1::LineItem* item = order->add_line_items();
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

void BM_CheckList(benchmark::State& state) {
  const std::string bytes = List(state.range(0));
  const rpc::WireCheck check(*order::v1::ListOrdersResponse::descriptor());
  for (auto _ : state) benchmark::DoNotOptimize(check.Accepts(bytes));
}
BENCHMARK(BM_CheckList)->Arg(3)->Arg(100);

}  // namespace
}  // namespace gather

BENCHMARK_MAIN();
