#ifndef GATHER_SERVER_FANOUT_FAN_OUT_H_
#define GATHER_SERVER_FANOUT_FAN_OUT_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/client_context.h"
#include "server/async/clock.h"
#include "server/fanout/budget.h"
#include "server/fanout/call_scope.h"
#include "server/fanout/catalog.h"
#include "server/fanout/plan.h"
#include "server/fanout/policy/backend_policies.h"
#include "server/fanout/score.h"
#include "server/fanout/section_stats.h"
#include "server/rpc/server_call.h"

namespace gather::fanout {

// How all fan-outs of an aggregator are made.
struct Settings {
  // A request whose caller set no deadline.
  std::chrono::nanoseconds total_timeout = std::chrono::seconds(5);
  // From when on a request that says nothing of it is good enough without what
  // is not there yet (soft_timeout.h). Zero is never.
  std::chrono::nanoseconds soft_timeout = std::chrono::nanoseconds(0);
  // The largest message that callers take (answer_limit.h): the default of
  // every client of gRPC.
  std::size_t max_answer_bytes = std::size_t{4} << 20;
  // What guards the backend of each section, and of those that have none of
  // their own here, by name.
  PolicySettings policy = {};
  std::map<std::string, PolicySettings> section_policies = {};
  // Whether a trace that starts here, since the caller sent none, goes on to
  // the backends; a caller's always does, and one that is recorded. Where spans
  // are recorded of some traces alone, set it: a backend that hears nothing of
  // the others would start traces of its own.
  bool start_traces = false;
  // The metadata of a request that goes on to the backends; nothing else does.
  std::vector<std::string> forwarded_keys = {};
  // Told when a section's circuit breaker opens or closes; may be null. Quick:
  // on the loop whose call brought it about.
  std::function<void(const std::string& section,
                     const CircuitBreaker::Transition&)>
      on_breaker = nullptr;
};

// What guards the backends, in the order of the sections.
using PoliciesOfSections = std::vector<std::unique_ptr<BackendPolicies>>;
PoliciesOfSections MakePolicies(const Catalog& catalog,
                                const Settings& settings, int event_loops);

// One request's fan-out, from its plan to its end: what its branches share.
//
// Thread: that of the call's loop. Lifetime: that of the handler. Cancellation:
// stop_token(), requested where the call is stopped or a section ends it: both
// stop all.
class FanOut final : public CallScope {
 public:
  // Must outlive it.
  FanOut(rpc::ServerCall& server_call, const Catalog& sections,
         const Settings& with, const Plan& what);

  // When the calls of a stage are given up, which may take so long.
  async::Clock::time_point DeadlineFor(async::Clock::duration section_timeout,
                                       const Stage& stage) const {
    return StageDeadline(section_timeout, stage, calls_end_);
  }
  // DEADLINE_EXCEEDED where no time is left to call anybody; INVALID_ARGUMENT
  // where metadata that is to be forwarded can't be.
  absl::Status CheckBegin() const;

  // The soft timeout has passed: as soon as the answer is good enough, which is
  // with every required section, and one at least, the others are stopped.
  void OnSoftTimeout();
  // A section is there.
  void NoteArrival(std::size_t section);
  // That is why it was.
  bool stopped_early() const override { return stopped_early_; }
  void Explain(Failure& failure) const override;
  // Of a section that was not called, since all are stopped.
  Failure FailureOfStopped() const;

  // A span of its own for each call.
  rpc::SpanId AddMetadata(grpc::ClientContext& branch_call) const override;
  const rpc::CallTrace& call_trace() const override {
    return call.call_trace();
  }
  // Whether backends hear of the request's trace.
  bool TellsTrace() const;
  // What goes on to them of the caller's metadata.
  std::vector<std::pair<std::string, std::string>> ForwardedMetadata() const;

  // A section is there, or failed, whether the caller asked for it or another
  // section needs it: scores it, counts it, notes it for the request's log
  // line, and stops the others where it ends the request.
  void Land(std::size_t section, const Landing& landing,
            v1::SectionStatus* status, SectionStats& stats);

  // Sets what the answer says of the fan-out as a whole.
  template <typename Summary>
  void Summarize(Summary* summary) const {
    summary->set_complete(score.complete());
    score.FillTiming(wall_start_, async::Clock::now(),
                     summary->mutable_timing());
  }

  rpc::ServerCall& call;
  const Catalog& catalog;
  const Settings& settings;
  const Plan& plan;

 private:
  void StopIfGoodEnough();

  const async::Clock::time_point start_;
  const std::chrono::system_clock::time_point wall_start_;
  const async::Clock::time_point calls_end_;
  SectionSet arrived_;  // of those that were asked for
  bool soft_timeout_passed_ = false;
  bool stopped_early_ = false;

 public:
  Score score;
};

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_FAN_OUT_H_
