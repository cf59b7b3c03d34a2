#ifndef GATHER_SERVER_AGGREGATOR_SECTION_H_
#define GATHER_SERVER_AGGREGATOR_SECTION_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/async/clock.h"

namespace gather::aggregator {

// What the call of one section came to. `Reply` is the backend's message.
template <typename Reply>
struct SectionResult {
  absl::StatusOr<Reply> reply = absl::UnknownError("not called");
  async::Clock::time_point start{};
  async::Clock::duration duration{};
  // 0: the section was not requested.
  int attempts = 0;
};

// A branch of the fan-out. A failure that costs only its section is a value;
// a status means that the whole request is to fail with it.
template <typename Reply>
using BranchResult = absl::StatusOr<SectionResult<Reply>>;

}  // namespace gather::aggregator

#endif  // GATHER_SERVER_AGGREGATOR_SECTION_H_
