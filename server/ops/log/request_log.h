#ifndef GATHER_SERVER_OPS_LOG_REQUEST_LOG_H_
#define GATHER_SERVER_OPS_LOG_REQUEST_LOG_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/ops/log/log.h"
#include "server/ops/log/repeat_limit.h"
#include "server/rpc/call_observer.h"

namespace gather::ops {

// One log line for every call that a server ends: method, peer, code, how long
// it took, and what the handler noted. Level info; an error where the server
// itself failed (INTERNAL, UNKNOWN, DATA_LOSS), a warning where it could not
// serve (UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED) or had trouble,
// unless the call ended as CANCELLED or NOT_FOUND. A call whose caller takes
// nothing in is a warning all the same.
//
// Calls that went well, with status OK and no trouble noted, may be thinned
// out. Which of them are logged is told by the trace id: so all servers that a
// request passes log it, or none does.
//
// Of calls that failed alike, with the same code of the same method, and the
// same words for the same sections, so many in a second are logged; the next
// one says how many were left out, as `skipped`.
//
// Thread: any. Lifetime: `logger` must outlive *this.
class RequestLog final : public rpc::CallObserver {
 public:
  struct Options {
    // One in so many of the calls that went well is logged; 0 is none of them.
    uint32_t sample = 1;
    // So many in a second of those that failed alike; 0 is all of them.
    uint32_t repeats = 10;
  };

  RequestLog(Logger& logger, const Options& options)
      : logger_(logger), options_(options), failures_(options.repeats) {}

  void OnEnd(const rpc::ServerCall& call, const grpc::Status& status) override;

 private:
  // How many calls like this one were left out before it; none where it is not
  // to be logged.
  std::optional<uint64_t> Wanted(const rpc::ServerCall& call,
                                 const grpc::Status& status, LogLevel level);

  Logger& logger_;
  const Options options_;
  RepeatLimit failures_;
};

// Whether a trace is among the one in `sample`: 0 takes none, 1 takes all.
bool IsSampled(std::string_view trace_id, uint32_t sample);

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_LOG_REQUEST_LOG_H_
