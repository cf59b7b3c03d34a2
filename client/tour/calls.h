#ifndef GATHER_CLIENT_TOUR_CALLS_H_
#define GATHER_CLIENT_TOUR_CALLS_H_

#include <grpcpp/client_context.h>

#include <stop_token>
#include <vector>

#include "absl/status/status.h"
#include "client/tour/backends.h"
#include "client/tour/report.h"
#include "server/async/event_loop.h"
#include "server/async/task.h"

namespace gather::client::tour {

// Calls a section's backend and blocks the thread until it has answered.
absl::Status CallAndBlock(const Backends& backends, Section section,
                          grpc::ClientContext& context);
Span CallAndBlock(const Backends& backends, Section section);

// Calls a section's backend from a coroutine; the loop's record has it under
// the section's name.
async::Task<absl::Status> Call(async::EventLoop& loop, const Backends& backends,
                               Section section, std::stop_token stop = {});

// The same, and fills in when it ran, as the loop saw it.
async::Task<> Measure(async::EventLoop& loop, const Backends& backends,
                      Section section, Span& span);

// Three coroutines on one loop, gathered.
std::vector<Span> GatherOnLoop(async::EventLoop& loop,
                               const Backends& backends);

}  // namespace gather::client::tour

#endif  // GATHER_CLIENT_TOUR_CALLS_H_
