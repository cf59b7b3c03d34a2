#ifndef GATHER_CLIENT_TOUR_CALLS_H_
#define GATHER_CLIENT_TOUR_CALLS_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <memory>
#include <stop_token>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/tour/backends.h"
#include "client/tour/report.h"
#include "server/async/event_loop.h"
#include "server/async/task.h"
#include "server/fanout/relay.h"
#include "server/rpc/client_call.h"
#include "server/rpc/method_stub.h"

namespace gather::client::tour {

// What a section's backend replies to that, from a coroutine.
template <typename S>
async::Task<absl::StatusOr<typename S::Reply>> Ask(
    async::EventLoop& loop, std::shared_ptr<grpc::Channel> channel,
    typename S::Request request, std::stop_token stop = {},
    Clock::duration timeout = kPatience) {
  using Wire = typename fanout::ReplyTypes<typename S::Reply>::Wire;
  using Stub = rpc::MethodStub<typename S::Request, Wire>;
  Stub stub(std::move(channel), S::kMethod);
  rpc::CallOptions options;
  options.deadline = Clock::now() + timeout;
  options.stop = std::move(stop);
  rpc::UnaryCall call(loop, stub, &Stub::PrepareAsync, request,
                      std::move(options));
  absl::StatusOr<Wire> reply = co_await call;
  if (!reply.ok()) co_return reply.status();
  co_return typename S::Reply(*std::move(reply));
}

// Calls a section's backend and blocks the thread until it has answered.
absl::Status CallAndBlock(const Backends& backends, Section section,
                          grpc::ClientContext& context);
Span CallAndBlock(const Backends& backends, Section section);

// Calls a section's backend from a coroutine; the loop's record has it under
// the section's name.
async::Task<absl::Status> Call(async::EventLoop& loop, const Backends& backends,
                               Section section, std::stop_token stop = {},
                               Clock::duration timeout = kPatience);

// An aggregator's answer, from a coroutine.
using Overview = aggregator::v1::GetOverviewResponse;
async::Task<absl::StatusOr<Overview>> AskOverview(async::EventLoop& loop,
                                                  const Aggregator& aggregator);

// The same as Call(), and fills in when it ran, as the loop saw it.
async::Task<> Measure(async::EventLoop& loop, const Backends& backends,
                      Section section, Span& span);

// Three coroutines on one loop, gathered.
std::vector<Span> GatherOnLoop(async::EventLoop& loop,
                               const Backends& backends);

}  // namespace gather::client::tour

#endif  // GATHER_CLIENT_TOUR_CALLS_H_
