#ifndef GATHER_SERVER_FANOUT_LANDING_H_
#define GATHER_SERVER_FANOUT_LANDING_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/async/clock.h"
#include "server/fanout/reason.h"
#include "server/rpc/trace.h"

namespace gather::fanout {

// As in gather.fanout.v1.Attempt.
enum class AttemptKind : uint8_t { kFirst, kRetry, kHedge };

// One call of a section's backend, of several, or one that failed.
struct AttemptRecord {
  AttemptKind kind = AttemptKind::kFirst;
  async::Clock::time_point start{};
  async::Clock::duration duration{};
  absl::StatusCode code = absl::StatusCode::kOk;
  bool won = false;     // its reply is the section's
  std::string address;  // as gRPC writes it: "ipv4:10.0.0.7:50053"
};

// What one section came to, and when.
struct Landing {
  async::Clock::time_point start{};
  async::Clock::duration duration{};
  rpc::SpanId span = 0;  // 0 where none is recorded
  int attempts = 0;
  // These were made for an equal section of another request (reuse/).
  bool coalesced = false;
  // In the order in which they ended; none of those that succeeded at once.
  std::vector<AttemptRecord> attempts_log;
  std::optional<Failure> failure;  // none: it arrived

  // There is a reply: a fresh one, or a stale one instead of a failure.
  bool has_reply() const { return !failure || failure->stale_age; }
};

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_LANDING_H_
