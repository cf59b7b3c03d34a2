#ifndef GATHER_SERVER_FANOUT_REQUEST_DURATION_H_
#define GATHER_SERVER_FANOUT_REQUEST_DURATION_H_

#include <chrono>

#include "google/protobuf/duration.pb.h"
#include "server/async/clock.h"

namespace gather::fanout {

// A request's Duration. What is longer than a day is a day, and what is
// negative is nothing.
inline async::Clock::duration ClockDurationOf(
    const google::protobuf::Duration& field) {
  constexpr std::chrono::hours kDay(24);
  if (field.seconds() < 0) return async::Clock::duration::zero();
  if (field.seconds() >= std::chrono::seconds(kDay).count()) return kDay;
  return std::chrono::seconds(field.seconds()) +
         std::chrono::nanoseconds(field.nanos());
}

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_REQUEST_DURATION_H_
