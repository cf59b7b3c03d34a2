#ifndef GATHER_SERVER_ASYNC_OUTCOME_H_
#define GATHER_SERVER_ASYNC_OUTCOME_H_

#include <exception>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/async/task.h"

namespace gather::async {

// How a task came out, as a value: what it returned, or why it failed. A task
// that gives a status already keeps it; any other is wrapped.
//
//   Task<T>            -> absl::StatusOr<T>
//   Task<StatusOr<T>>  -> absl::StatusOr<T>
//   Task<Status>, Task<void> -> absl::Status
template <typename T>
struct OutcomeOf {
  using type = absl::StatusOr<T>;
};
template <typename T>
struct OutcomeOf<absl::StatusOr<T>> {
  using type = absl::StatusOr<T>;
};
template <>
struct OutcomeOf<absl::Status> {
  using type = absl::Status;
};
template <>
struct OutcomeOf<void> {
  using type = absl::Status;
};
template <typename T>
using Outcome = typename OutcomeOf<T>::type;

inline const absl::Status& StatusOf(const absl::Status& status) {
  return status;
}
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

// INTERNAL, with the exception's words where there is memory for them.
inline absl::Status StatusOf(std::exception_ptr error) noexcept {
  try {
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& e) {
      return absl::InternalError(std::string("uncaught exception: ") +
                                 e.what());
    } catch (...) {
      return absl::InternalError("uncaught exception of an unknown type");
    }
  } catch (...) {
    return absl::Status(absl::StatusCode::kInternal, "");
  }
}

// The outcome of a task that has ended; never throws what the task threw.
template <typename T>
Outcome<T> TakeOutcome(Task<T>& task) noexcept {
  try {
    if constexpr (std::is_void_v<T>) {
      task.Take();
      return absl::OkStatus();
    } else {
      return task.Take();
    }
  } catch (...) {
    return StatusOf(std::current_exception());
  }
}

}  // namespace gather::async

#endif  // GATHER_SERVER_ASYNC_OUTCOME_H_
