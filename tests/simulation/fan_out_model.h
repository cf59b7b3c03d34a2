#ifndef GATHER_TESTS_SIMULATION_FAN_OUT_MODEL_H_
#define GATHER_TESTS_SIMULATION_FAN_OUT_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/fanout/policy/backend_policies.h"
#include "tests/simulation/backend_model.h"
#include "tests/simulation/event_queue.h"

namespace gather::simulation {

enum class SectionEnd : uint8_t {
  kPending,
  kArrived,
  kFailed,
  kTimedOut,
  kCancelled,
  kRefusedByLimit,
  kRefusedByBreaker,
  kStale,  // failed, and was answered from an earlier reply
  kSoftTimeout,
};

// One request of the aggregator's, when it is over.
struct RequestRecord {
  Clock::time_point since;
  Clock::duration duration{};
  bool refused = false;  // the aggregator had too many in flight
  std::vector<SectionEnd> sections;
};

struct FanOutOptions {
  // Of each backend in its order; the policies of those beyond are the
  // defaults.
  std::vector<fanout::PolicySettings> settings = {};
  // Requests in flight; 0 is no limit.
  int max_inflight = 0;
  // The share of callers that leave after `leaves_after`.
  double leavers = 0;
  Clock::duration leaves_after{};
  // Who asks, each as often as the others: calls are equal, and a stale answer
  // is one, where they are the same one's.
  int users = 1;
  // When an answer is good enough with one section; 0 is never.
  Clock::duration soft_timeout{};
  uint64_t seed = 1;
};

// An aggregator and its backends, in virtual time: each request calls all
// backends as the fan-out does, each under its policies. It checks as it goes
// what must hold at any time (see violations()).
class FanOutModel {
 public:
  FanOutModel(std::vector<Script> backends, FanOutOptions options);

  // Requests that come at random, `rate` a second, from `from` to `until`.
  void Load(double rate, Clock::duration from, Clock::duration until);
  // `count` requests at once.
  void Burst(int count, Clock::duration when);
  // `count` callers, each of which has one request in flight at any time.
  void Callers(int count, Clock::duration from, Clock::duration until);
  // Runs `action` at that time.
  void At(Clock::duration when, std::function<void()> action);

  void Run() { events_.Run(); }

  const std::vector<RequestRecord>& requests() const { return records_; }
  fanout::BackendPolicies& policies(std::size_t backend) {
    return backends_[backend]->policies;
  }
  const BackendModel& backend(std::size_t index) const {
    return backends_[index]->model;
  }
  std::size_t backends() const { return backends_.size(); }
  int64_t calls() const { return calls_; }
  // Of those, the second ones to a backend that took unusually long.
  int64_t hedges(std::size_t backend) const {
    return backends_[backend]->hedges;
  }
  // Sections that waited for another one's call.
  int64_t coalesced() const { return coalesced_; }
  int most_in_flight(std::size_t backend) const {
    return backends_[backend]->most_in_flight;
  }
  // What should not have been, in words.
  const std::vector<std::string>& violations() const { return violations_; }

 private:
  struct Request;
  struct SectionCall;
  using RequestPtr = std::shared_ptr<Request>;
  using CallPtr = std::shared_ptr<SectionCall>;

  struct Backend {
    Backend(Script script, const fanout::PolicySettings& settings,
            uint32_t seed, fanout::CircuitBreaker::Listener listener)
        : model(std::move(script)),
          policies(settings, seed, std::move(listener)) {}
    BackendModel model;
    fanout::BackendPolicies policies;
    std::map<int, CallPtr> shared_calls;  // under way, by user
    int most_in_flight = 0;
    int64_t calls = 0;  // those that may be hedged
    int64_t hedges = 0;
    int64_t retries = 0;
    int64_t successes = 0;
  };

  void Arrive(std::function<void()> then);
  // A section's call, or its seat in one that is under way.
  void StartSection(const RequestPtr& request, std::size_t section,
                    Clock::time_point deadline, bool again);
  void Begin(const CallPtr& call);
  void Attempt(const CallPtr& call);
  void Hedge(const CallPtr& call);
  // Sends one; its reply counts only for the attempt that is the call's then.
  void Send(const CallPtr& call);
  void OnReply(const CallPtr& call, const absl::Status& status);
  void Retry(const CallPtr& call, Clock::duration backoff);
  void End(const CallPtr& call, SectionEnd end, fanout::CallResult result);
  void EndWait(const RequestPtr& request, std::size_t section, bool had_its_own,
               Clock::time_point deadline, SectionEnd end,
               fanout::CallResult result);
  // The section waits no more; the last one out ends the call.
  void Leave(const RequestPtr& request, std::size_t section, SectionEnd end);
  void LeaveAll(const RequestPtr& request, SectionEnd end);
  void StopIfGoodEnough(const RequestPtr& request);
  void Land(const RequestPtr& request, std::size_t section, SectionEnd end);
  // Where the policies say so, keeps a reply, or answers with one that was.
  SectionEnd OrStale(const Request& request, std::size_t section,
                     SectionEnd end);
  void CheckAdmitted(const SectionCall& call);
  void CheckHedged(const SectionCall& call);
  void CheckTransition(const fanout::CircuitBreaker::Transition& change);
  void Violation(std::string what);

  EventQueue events_;
  Random random_;
  const FanOutOptions options_;
  std::vector<std::unique_ptr<Backend>> backends_;
  std::vector<RequestRecord> records_;
  std::vector<std::string> violations_;
  int in_flight_ = 0;
  int64_t calls_ = 0;
  int64_t coalesced_ = 0;
};

}  // namespace gather::simulation

#endif  // GATHER_TESTS_SIMULATION_FAN_OUT_MODEL_H_
