#ifndef GATHER_SERVER_ASYNC_FOR_EACH_H_
#define GATHER_SERVER_ASYNC_FOR_EACH_H_

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <exception>
#include <optional>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/async/gather.h"
#include "server/async/outcome.h"
#include "server/async/task.h"

namespace gather::async {
namespace detail {

// What the workers of a ForEach() share.
template <typename Item, typename F>
struct ForEachState {
  using Result = typename std::invoke_result_t<F&, Item&>::value_type;

  std::vector<Item>& items;
  F& function;
  const std::stop_token& stop;
  std::size_t next = 0;
  std::vector<std::optional<Outcome<Result>>> outcomes;
};

// Takes one item after the other, until none is left.
template <typename State>
Task<> WorkOn(State& state) {
  while (state.next < state.items.size()) {
    const std::size_t place = state.next++;
    auto& outcome = state.outcomes[place];
    if (state.stop.stop_requested()) {
      outcome.emplace(absl::Status(absl::StatusCode::kCancelled, ""));
      continue;
    }
    try {
      auto task = Gather(state.function(state.items[place]));
      outcome.emplace(std::get<0>(co_await task));
    } catch (...) {  // before the task was there
      outcome.emplace(StatusOf(std::current_exception()));
    }
  }
}

}  // namespace detail

// Runs `function(item)` for every item, at most `at_once` of those tasks at a
// time, and gives every outcome in the order of the items. One that fails or
// throws is a value and costs the others nothing.
//
//   const auto fetch = [&](const Url& url) { return Fetch(loop, url, stop); };
//   std::vector<absl::StatusOr<Page>> pages =
//       co_await ForEach(std::move(urls), 10, fetch, stop);
//
// Cancellation: once `stop` is requested, items that were not begun are
// CANCELLED, without words. Tasks that are running have to listen by
// themselves, and are waited for.
// Lifetime: items and `function` live until the await ends. As anywhere, a
// lambda that is a coroutine refers to what it captures in itself.
template <typename Item, typename F>
auto ForEach(std::vector<Item> items, std::size_t at_once, F function,
             std::stop_token stop = {})
    -> Task<
        std::vector<Outcome<typename detail::ForEachState<Item, F>::Result>>> {
  assert(at_once > 0);
  detail::ForEachState<Item, F> state{
      .items = items, .function = function, .stop = stop, .outcomes = {}};
  state.outcomes.resize(items.size());
  std::vector<Outcome<typename detail::ForEachState<Item, F>::Result>> outcomes;
  outcomes.reserve(items.size());
  std::vector<Task<>> workers;
  for (std::size_t i = 0; i < std::min(at_once, items.size()); ++i) {
    workers.push_back(detail::WorkOn(state));
  }
  (void)co_await Gather(std::move(workers));
  for (auto& outcome : state.outcomes) {
    outcomes.push_back(*std::move(outcome));
  }
  co_return outcomes;
}

}  // namespace gather::async

#endif  // GATHER_SERVER_ASYNC_FOR_EACH_H_
