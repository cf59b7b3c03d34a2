#ifndef GATHER_SERVER_RPC_STOP_CAUSE_H_
#define GATHER_SERVER_RPC_STOP_CAUSE_H_

#include <grpcpp/support/status.h>

#include "server/async/clock.h"

namespace gather::rpc {

// Why a call was stopped before its answer got through.
enum class StopCause {
  kNone,
  kCallerLeft,        // it cancelled, or its connection broke
  kDeadlineExceeded,  // the caller's own
  kDraining,          // the server's drain ran out of time
  kSendTimeout,       // the caller takes nothing in: see send_timeout.h
  kSendFailed,        // there was no memory to send the answer
};

// What a call that was stopped came to, in metrics and logs, and to the caller
// where it is still there: CANCELLED where the caller left or takes nothing in,
// DEADLINE_EXCEEDED, UNAVAILABLE for a drain, and INTERNAL where the server
// failed. Without words where there is no memory for them.
grpc::Status StopStatus(StopCause cause) noexcept;

// Why gRPC has cancelled a call at `now`, as gRPC itself only says that it has.
//
// Most often it is the client that ends a call whose deadline passes, and a
// moment before the server would. By how much: gRPC's clients round a timeout
// up by as much as 1 % when they send it (src/core/lib/transport/
// timeout_encoding.cc), and send an earlier call's in its place that is up to
// 3 % longer (src/core/ext/transport/chttp2/transport/hpack_encoder.cc). So
// what is cancelled within the last 5 % of its time, or 10 ms, which is the
// grain of timers, counts as late. A caller that just then changes its mind
// can't be told from that.
StopCause CauseOfCancel(async::Clock::time_point start,
                        async::Clock::time_point deadline,
                        async::Clock::time_point now);

// Whether a call that gRPC has cancelled at `now` may have reached its deadline
// at the caller's end. A deadline counts from when the server reads the call:
// one that reads its sockets 50 ms late learns 50 ms before the deadline of a
// call that the call's time is up. How late it reads nothing tells: up to 100
// ms count.
bool MayHaveExpired(StopCause cause, async::Clock::time_point deadline,
                    async::Clock::time_point now);

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_STOP_CAUSE_H_
