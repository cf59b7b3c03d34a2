#ifndef GATHER_SERVER_RPC_GRPC_WORKAROUNDS_RESET_GUARD_H_
#define GATHER_SERVER_RPC_GRPC_WORKAROUNDS_RESET_GUARD_H_

// Works around gRPC before 1.60, which does nothing about HTTP/2 rapid resets
// (later ones answer them with fewer streams a connection:
// https://github.com/grpc/grpc/pull/34642). Can go once those were seen to hold
// under tests/e2e/faults/flood_test.py.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "server/async/clock.h"
#include "server/rpc/grpc_workarounds/channelz.h"

namespace gather::rpc {

// Finds connections on which calls are cancelled as fast as they are made: that
// costs the caller next to nothing, and the server a whole call each time
// (HTTP/2 rapid reset, CVE-2023-44487). gRPC 1.51 does nothing about it, and
// most of these calls end inside of it, so that no handler ever sees them: this
// asks gRPC's own counters.
//
// Pure: knows neither gRPC nor the time.
class ResetCounter {
 public:
  using ListConnections = std::function<std::vector<ConnectionCounts>()>;

  // What all connections had up to now, ever.
  struct Calls {
    // Those that have begun, but for those that have ended with OK. gRPC counts
    // a call that was reset as failed, if not at once.
    int64_t not_ok = 0;
    // Those that failed for having reached their deadlines, or may have: under
    // overload that is what becomes of a busy caller's, who is no attacker.
    int64_t expired = 0;
    // Those that handlers have now. gRPC counts a call that expires as failed
    // at once, a loop only when it comes to it, which takes it a while where a
    // thousand expire together.
    int64_t in_flight = 0;
    // How often each loop came to its timer, and how often one of them came so
    // late to it that calls may have expired which it never took in.
    std::vector<int64_t> turns;
    int64_t late_turns = 0;
  };

  // A connection is found once more than `max_per_second` of its calls have
  // failed in a second, besides as many as expired on all: half a second later,
  // and not before each loop has come to what was queued, unless calls that
  // expired meanwhile excuse it, or a loop that was late. At once only where
  // more failed than calls in flight, and those that gRPC may hold until a loop
  // takes them in, account for.
  //
  // Failed are also those beyond the `max_open` that may be open at a time:
  // they were reset, and wait for nothing but to be looked at.
  ResetCounter(int max_per_second, int max_open)
      : max_(max_per_second), max_open_(max_open) {}

  // The peers that are found. `list` is called only where so many calls are new
  // and not OK that one of the connections may be over the limit: a server
  // whose callers are well pays for no list. To be called many times a second:
  // a burst that begins and ends between two looks is taken for a part of the
  // time between them.
  std::vector<std::string> Look(async::Clock::time_point now,
                                const Calls& calls,
                                const ListConnections& list);

  // Whether connections are listed.
  bool many() const { return failed_before_.has_value(); }

 private:
  // A connection that was over the limit, and by how much.
  struct Suspect {
    std::string peer;
    async::Clock::time_point since;
    double over = 0;
    Calls calls;             // by then
    int64_t late_turns = 0;  // when the window began
    bool certain = false;    // whatever becomes of those in flight
  };

  void AddSuspects(async::Clock::time_point now, const Calls& calls,
                   double limit,
                   const std::vector<ConnectionCounts>& connections);
  // Those that are no suspects any more, as nothing has excused them.
  std::vector<std::string> TakeFound(async::Clock::time_point now,
                                     const Calls& calls);
  // Whether what was to come of a suspect's calls by then has.
  static bool IsSettled(const Suspect& suspect, async::Clock::time_point now,
                        const Calls& calls);

  int64_t FailedOn(const ConnectionCounts& connection) const;

  const int max_;
  const int max_open_;
  // A second, or more where looks are further apart, and how it began.
  std::optional<async::Clock::time_point> window_;
  Calls window_calls_;
  // By connection, as first listed in this window or last in the one before;
  // none while calls are few.
  std::optional<std::map<int64_t, int64_t>> failed_before_;
  std::map<int64_t, Suspect> suspects_;  // by connection
};

// Looks at all connections of this process's servers from a thread of its own,
// many times a second.
//
// Thread: made and destroyed on any; the functions are called on the guard's,
// `on_flood` once or more for a connection that is found.
class ResetGuard {
 public:
  using OnFlood = std::function<void(const std::string& peer)>;

  // What the server knows of calls, which is all but `not_ok`.
  using CountCalls = std::function<ResetCounter::Calls()>;

  // `max_per_second` is more than 0, `max_open` the server's limit on calls on
  // a connection.
  ResetGuard(int max_per_second, int max_open, CountCalls count_calls,
             OnFlood on_flood);
  ResetGuard(const ResetGuard&) = delete;
  ResetGuard& operator=(const ResetGuard&) = delete;

 private:
  void Watch(std::stop_token stop);

  ResetCounter counter_;
  const CountCalls count_calls_;
  const OnFlood on_flood_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_GRPC_WORKAROUNDS_RESET_GUARD_H_
