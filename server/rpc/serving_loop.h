#ifndef GATHER_SERVER_RPC_SERVING_LOOP_H_
#define GATHER_SERVER_RPC_SERVING_LOOP_H_

#include <grpcpp/completion_queue.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/async/counter.h"
#include "server/async/event_loop.h"
#include "server/async/lag.h"
#include "server/async/task_scope.h"
#include "server/rpc/admission.h"
#include "server/rpc/call_stats.h"
#include "server/rpc/calls_in_flight.h"
#include "server/rpc/send_timeout.h"
#include "server/rpc/server_options.h"
#include "server/rpc/shed.h"
#include "server/rpc/trace.h"

namespace gather::rpc {

// What one loop of a server needs to serve calls.
struct ServingLoop {
  // `options` and `admission` are the server's, which outlives it.
  ServingLoop(int loop_index,
              std::unique_ptr<grpc::ServerCompletionQueue> server_queue,
              const ServerOptions& server_options, Admission& server_admission,
              std::size_t methods)
      : index(loop_index),
        queue(server_queue.get()),
        loop(std::move(server_queue)),
        send_timeouts(server_options.send_timeout),
        stats(methods),
        shed(server_options.shed),
        options(server_options),
        admission(server_admission) {}

  // Tells ServerOptions::on_error.
  void Report(const char* during, const char* method,
              absl::Status status) const noexcept {
    if (!options.on_error) return;
    try {
      options.on_error({during, method, std::move(status)});
    } catch (...) {  // it has nobody to turn to
    }
  }

  const int index;  // from 0
  grpc::ServerCompletionQueue* const queue;
  async::EventLoop loop;
  async::TaskScope acceptors;  // of calls
  async::TaskScope calls;      // in flight
  async::TaskScope background;
  // What is to run in these, once the loop does.
  std::vector<async::TaskScope::Prepared> tasks;
  CallsInFlight calls_in_flight;
  TraceIds trace_ids{RandomSeed()};
  SendTimeout send_timeouts;
  std::vector<CallStats> stats;  // of each method
  async::Histogram lag{kLagBounds};
  async::Lateness lateness;
  Shed shed;
  async::Counter expired;  // calls whose deadlines passed, or may have
  const ServerOptions& options;
  Admission& admission;
  Admission unlimited{0};  // for the server's own methods

 private:
  // All 64 bits: two loops with the same seed would make the same traces.
  static uint64_t RandomSeed() {
    std::random_device random;
    return uint64_t{random()} << 32 | random();
  }

  static constexpr std::array<std::chrono::milliseconds, 9> kLagBounds = {
      std::chrono::milliseconds(1),   std::chrono::milliseconds(2),
      std::chrono::milliseconds(5),   std::chrono::milliseconds(10),
      std::chrono::milliseconds(25),  std::chrono::milliseconds(50),
      std::chrono::milliseconds(100), std::chrono::milliseconds(500),
      std::chrono::milliseconds(2500)};
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_SERVING_LOOP_H_
