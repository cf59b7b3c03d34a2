#ifndef GATHER_SERVER_ASYNC_GATHER_H_
#define GATHER_SERVER_ASYNC_GATHER_H_

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <stop_token>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/async/outcome.h"
#include "server/async/task.h"

namespace gather::async {
namespace detail {

enum class CancelOn { kFailure, kSuccess };

// Counts branches down to the waiter's resumption.
//
// The count starts one above the number of branches, and the waiter gives that
// one back after all are started: a branch that ends while it is being started
// can't resume the waiter early. The idea is that of cppcoro's when_all
// counter (https://github.com/lewissbaker/cppcoro). No atomics: all branches
// run on the waiter's thread.
class Join {
 public:
  // A branch that ends as `cancel_on` says requests a stop of `cancel`; none
  // does where it is null.
  explicit Join(std::stop_source* cancel,
                CancelOn cancel_on = CancelOn::kFailure)
      : cancel_(cancel), cancel_on_(cancel_on) {}

  void Begin(std::size_t branches, std::coroutine_handle<> waiter) {
    pending_ = branches + 1;
    waiter_ = waiter;
  }

  // One branch has ended.
  std::coroutine_handle<> Arrive(const void* branch, bool failed) noexcept {
    if (cancel_ != nullptr && canceller_ == nullptr &&
        failed == (cancel_on_ == CancelOn::kFailure)) {
      canceller_ = branch;
      cancel_->request_stop();
    }
    return Release();
  }

  // The branch that has requested the stop; null for none.
  const void* canceller() const { return canceller_; }

  // All branches are started.
  std::coroutine_handle<> Release() noexcept {
    return --pending_ == 0 ? waiter_ : std::noop_coroutine();
  }

 private:
  std::stop_source* const cancel_;
  const CancelOn cancel_on_;
  const void* canceller_ = nullptr;
  std::size_t pending_ = 0;
  std::coroutine_handle<> waiter_;
};

template <typename T>
class Branch final : public Continuation {
 public:
  explicit Branch(Task<T> task) : task_(std::move(task)) {}
  // Moved only before Start().
  Branch(Branch&& other) noexcept : task_(std::move(other.task_)) {}

  void Start(Join* join) {
    join_ = join;
    task_.Start(this);
  }

  // Instead of Start(): it ends as CANCELLED, without words.
  void Skip(Join* join) {
    outcome_.emplace(absl::Status(absl::StatusCode::kCancelled, ""));
    (void)join->Arrive(this, true);
  }

  Outcome<T> Take() { return *std::move(outcome_); }

 private:
  std::coroutine_handle<> Done() noexcept override {
    try {
      outcome_.emplace(TakeOutcome(task_));
    } catch (...) {  // by the move of a value
      outcome_.emplace(StatusOf(std::current_exception()));
    }
    return join_->Arrive(this, !StatusOf(*outcome_).ok());
  }

  Task<T> task_;
  Join* join_ = nullptr;
  std::optional<Outcome<T>> outcome_;
};

template <typename... T>
class [[nodiscard("tasks run only when the gather is awaited")]] GatherTuple {
 public:
  explicit GatherTuple(std::stop_source* cancel, Task<T>... tasks)
      : join_(cancel), branches_(std::move(tasks)...) {}

  bool await_ready() noexcept { return false; }

  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) {
    join_.Begin(sizeof...(T), waiter);
    std::apply([this](auto&... branch) { (branch.Start(&join_), ...); },
               branches_);
    return join_.Release();
  }

  std::tuple<Outcome<T>...> await_resume() {
    return std::apply(
        [](auto&... branch) {
          return std::tuple<Outcome<T>...>(branch.Take()...);
        },
        branches_);
  }

 private:
  Join join_;
  std::tuple<Branch<T>...> branches_;
};

template <typename T>
class [[nodiscard("tasks run only when the gather is awaited")]] GatherVector {
 public:
  explicit GatherVector(std::stop_source* cancel, std::vector<Task<T>> tasks)
      : join_(cancel) {
    branches_.reserve(tasks.size());
    for (Task<T>& task : tasks) branches_.emplace_back(std::move(task));
  }

  bool await_ready() noexcept { return branches_.empty(); }

  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) {
    join_.Begin(branches_.size(), waiter);
    for (Branch<T>& branch : branches_) branch.Start(&join_);
    return join_.Release();
  }

  std::vector<Outcome<T>> await_resume() {
    std::vector<Outcome<T>> outcomes;
    outcomes.reserve(branches_.size());
    for (Branch<T>& branch : branches_) outcomes.push_back(branch.Take());
    return outcomes;
  }

 private:
  Join join_;
  std::vector<Branch<T>> branches_;
};

}  // namespace detail

// Starts every task, waits for all of them, and gives every outcome in the
// order of the arguments: asyncio.gather(..., return_exceptions=True). A branch
// that fails or throws is a value and costs the others nothing.
//
//   auto [user, orders] = co_await Gather(GetUser(id), ListOrders(id));
//   if (!user.ok()) ...
//
// Lifetime: nothing outlives the await; what the tasks refer to need only live
// that long.
// Cancellation: that of the tasks. Give each the same std::stop_token.
template <typename... T>
detail::GatherTuple<T...> Gather(Task<T>... tasks) {
  return detail::GatherTuple<T...>(nullptr, std::move(tasks)...);
}
template <typename T>
detail::GatherVector<T> Gather(std::vector<Task<T>> tasks) {
  return detail::GatherVector<T>(nullptr, std::move(tasks));
}

// The same, but the first branch that fails requests a stop of `cancel`, whose
// token the tasks listen to: the others end at once, and are still waited for.
// Their outcomes then say how they ended, mostly CANCELLED.
template <typename... T>
detail::GatherTuple<T...> GatherFailFast(std::stop_source& cancel,
                                         Task<T>... tasks) {
  return detail::GatherTuple<T...>(&cancel, std::move(tasks)...);
}
template <typename T>
detail::GatherVector<T> GatherFailFast(std::stop_source& cancel,
                                       std::vector<Task<T>> tasks) {
  return detail::GatherVector<T>(&cancel, std::move(tasks));
}

}  // namespace gather::async

#endif  // GATHER_SERVER_ASYNC_GATHER_H_
