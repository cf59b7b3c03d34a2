#ifndef GATHER_TESTS_SIMULATION_LOOP_MODEL_H_
#define GATHER_TESTS_SIMULATION_LOOP_MODEL_H_

#include <chrono>
#include <cstddef>
#include <deque>
#include <vector>

#include "server/rpc/shed.h"
#include "tests/simulation/backend_model.h"
#include "tests/simulation/event_queue.h"

namespace gather::simulation {

struct LoopOptions {
  rpc::ShedSettings shed = {};

  // Requests that gRPC has been asked for: what is past them waits in a list of
  // its own, unseen. 0 for as many as come.
  int posted = 0;

  // What a request costs the loop.
  Clock::duration arrival = std::chrono::microseconds(20);
  Clock::duration begin = std::chrono::microseconds(60);
  Clock::duration reply = std::chrono::microseconds(25);
  int replies = 3;
  Clock::duration finish = std::chrono::microseconds(20);
  // Besides its arrival.
  Clock::duration refusal = std::chrono::microseconds(10);
  // What its backends take.
  Latency backend = {};
};

// An event loop of a server, in virtual time: a queue, first in, first out, of
// requests that arrive and replies of their backends, and one of the requests
// that are not begun, which comes second (async::EventLoop::WhenIdle()).
class LoopModel {
 public:
  explicit LoopModel(const LoopOptions& options)
      : options_(options), shed_(options.shed) {}

  // Requests with that deadline that come at random, `share` of the loop's
  // capacity, from `from` to `until`.
  void Load(double share, Clock::duration deadline, Clock::duration from,
            Clock::duration until);
  // `count` callers who each ask again as soon as they are answered.
  void Callers(int count, Clock::duration deadline, Clock::duration from,
               Clock::duration until);
  // `count` requests at once.
  void Burst(int count, Clock::duration deadline, Clock::duration when);

  // Runs all of it.
  void Run() { events_.Run(); }

  // Of requests that came between: how many were refused, how many were
  // answered in time, and how long the answered ones took, in rising order.
  struct Outcome {
    int requests = 0;
    int refused = 0;
    int in_time = 0;
    std::vector<Clock::duration> latencies = {};
  };
  Outcome Of(Clock::duration from, Clock::duration until) const;

  // Requests a second, with none refused.
  double capacity() const;

 private:
  struct Request {
    Clock::time_point since;
    Clock::duration deadline;
    Clock::duration again_until;  // by its caller
    Clock::time_point taken_in = {};
    Clock::time_point ended = Clock::time_point::max();
    bool refused = false;
    int pending = 0;
  };
  struct Item {
    enum class Kind { kArrival, kBegin, kReply, kFinish } kind;
    std::size_t request;
  };

  void Arrive(Clock::duration deadline, Clock::duration again_until);
  void AskAgain(const Request& request);
  void Push(const Item& item);
  void Work();
  // What the item costs.
  Clock::duration Begin(const Item& item);
  void End(const Item& item);
  void TakeIn(Request& request);
  void CallBackends(std::size_t request);

  const LoopOptions options_;
  rpc::Shed shed_;
  EventQueue events_;
  Random random_{1};
  std::deque<Item> queue_;
  std::deque<Item> deferred_;
  int steps_since_deferred_ = 0;
  std::deque<std::size_t> unmatched_;
  int matched_ = 0;  // arrivals in queue_
  bool busy_ = false;
  std::vector<Request> requests_;
};

}  // namespace gather::simulation

#endif  // GATHER_TESTS_SIMULATION_LOOP_MODEL_H_
