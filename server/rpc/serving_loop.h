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

#include "server/async/clock.h"
#include "server/async/counter.h"
#include "server/async/event_loop.h"
#include "server/async/task_scope.h"
#include "server/rpc/admission.h"
#include "server/rpc/call_observer.h"
#include "server/rpc/call_stats.h"
#include "server/rpc/calls_in_flight.h"
#include "server/rpc/send_timeout.h"
#include "server/rpc/trace.h"

namespace gather::rpc {

// What one loop of a server needs to serve calls.
struct ServingLoop {
  ServingLoop(int loop_index,
              std::unique_ptr<grpc::ServerCompletionQueue> server_queue,
              Admission* server_admission, CallObserver* server_observer,
              bool server_tells_trace, async::Clock::duration send_timeout,
              std::size_t methods)
      : index(loop_index),
        queue(server_queue.get()),
        loop(std::move(server_queue)),
        send_timeouts(send_timeout),
        stats(methods),
        admission(server_admission),
        observer(server_observer),
        tell_trace(server_tells_trace) {}

  const int index;  // from 0
  grpc::ServerCompletionQueue* const queue;
  async::EventLoop loop;
  async::TaskScope calls;  // in flight
  CallsInFlight calls_in_flight;
  TraceIds trace_ids{RandomSeed()};
  SendTimeout send_timeouts;
  std::vector<CallStats> stats;  // of each method
  async::Histogram lag{kLagBounds};
  Admission* const admission;
  CallObserver* const observer;
  const bool tell_trace;

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
