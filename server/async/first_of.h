#ifndef GATHER_SERVER_ASYNC_FIRST_OF_H_
#define GATHER_SERVER_ASYNC_FIRST_OF_H_

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "server/async/gather.h"
#include "server/async/outcome.h"
#include "server/async/task.h"

namespace gather::async {

// What became of tasks of which one was enough.
template <typename T>
struct FirstOf {
  // The place of the one that succeeded first; none where all failed.
  std::optional<std::size_t> winner;
  // Every task's, in the order of the arguments. Those that another was faster
  // than are mostly CANCELLED.
  std::vector<Outcome<T>> outcomes;
};

namespace detail {

template <typename T>
class [[nodiscard("tasks run only when it is awaited")]] FirstOfAwaiter {
 public:
  FirstOfAwaiter(std::stop_source& cancel, std::vector<Task<T>> tasks)
      : join_(&cancel, CancelOn::kSuccess) {
    result_.outcomes.reserve(tasks.size());
    branches_.reserve(tasks.size());
    for (Task<T>& task : tasks) branches_.emplace_back(std::move(task));
  }

  bool await_ready() noexcept { return branches_.empty(); }

  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) {
    join_.Begin(branches_.size(), waiter);
    for (Branch<T>& branch : branches_) {
      // What ends as it is started may be enough.
      if (join_.canceller() == nullptr) {
        branch.Start(&join_);
      } else {
        branch.Skip(&join_);
      }
    }
    return join_.Release();
  }

  FirstOf<T> await_resume() {
    for (std::size_t i = 0; i < branches_.size(); ++i) {
      if (join_.canceller() == &branches_[i]) result_.winner = i;
      result_.outcomes.push_back(branches_[i].Take());
    }
    return std::move(result_);
  }

 private:
  Join join_;
  std::vector<Branch<T>> branches_;
  FirstOf<T> result_;
};

}  // namespace detail

// Starts every task and gives the first success: asyncio.wait(FIRST_COMPLETED),
// but that failures do not count. The first success requests a stop of
// `cancel`, whose token the tasks listen to: the others end at once, and are
// still waited for. Tasks that are not started by then never are.
//
//   LinkedStop cancel(call.stop_token());
//   const FirstOf<Reply> first = co_await FirstSuccess(
//       cancel.source(), Ask(near, cancel.token()), Ask(far, cancel.token()));
//   if (first.winner) co_return first.outcomes[*first.winner];
//
// Lifetime: nothing outlives the await; what the tasks refer to need only live
// that long.
// Cancellation: that of the tasks.
template <typename T>
detail::FirstOfAwaiter<T> FirstSuccess(std::stop_source& cancel,
                                       std::vector<Task<T>> tasks) {
  return detail::FirstOfAwaiter<T>(cancel, std::move(tasks));
}
template <typename T, std::same_as<Task<T>>... Rest>
detail::FirstOfAwaiter<T> FirstSuccess(std::stop_source& cancel, Task<T> first,
                                       Rest... rest) {
  std::vector<Task<T>> tasks;
  tasks.reserve(1 + sizeof...(rest));
  tasks.push_back(std::move(first));
  (tasks.push_back(std::move(rest)), ...);
  return detail::FirstOfAwaiter<T>(cancel, std::move(tasks));
}

}  // namespace gather::async

#endif  // GATHER_SERVER_ASYNC_FIRST_OF_H_
