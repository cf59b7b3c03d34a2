#include "server/fanout/fan_out.h"

#include <algorithm>
#include <random>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/fanout/spans.h"

namespace gather::fanout {

using async::Clock;

PoliciesOfSections MakePolicies(const Catalog& catalog,
                                const Settings& settings, int event_loops) {
  PoliciesOfSections policies;
  std::random_device random;
  for (const SectionInfo& section : catalog.sections) {
    const auto own = settings.section_policies.find(section.name);
    CircuitBreaker::Listener listener;
    if (settings.on_breaker) {
      listener = [tell = settings.on_breaker, name = section.name](
                     const CircuitBreaker::Transition& transition) {
        tell(name, transition);
      };
    }
    policies.push_back(std::make_unique<BackendPolicies>(
        own != settings.section_policies.end() ? own->second : settings.policy,
        random(), std::move(listener), event_loops));
  }
  return policies;
}

FanOut::FanOut(rpc::ServerCall& server_call, const Catalog& sections,
               const Settings& with, const Plan& what)
    : CallScope(server_call.loop(), server_call.loop_index(),
                server_call.stop_token()),
      call(server_call),
      catalog(sections),
      settings(with),
      plan(what),
      start_(Clock::now()),
      wall_start_(std::chrono::system_clock::now()),
      calls_end_(CallsEnd(with.total_timeout, start_, server_call.deadline())),
      score(sections, what, start_) {}

// gRPC hands in any byte that a header came with, and ends the process where it
// is told to send one that is not printable.
absl::Status FanOut::CheckBegin() const {
  for (const std::string& key : settings.forwarded_keys) {
    if (absl::EndsWith(key, "-bin")) continue;  // sent as base64
    for (const std::string_view value : call.AllMetadata(key)) {
      if (std::all_of(value.begin(), value.end(), absl::ascii_isprint)) {
        continue;
      }
      return absl::InvalidArgumentError(
          absl::StrCat("metadata ", key, ": must be printable ASCII"));
    }
  }
  if (call.deadline() <= start_) {
    return absl::DeadlineExceededError("the deadline had passed on arrival");
  }
  return absl::OkStatus();
}

void FanOut::OnSoftTimeout() {
  soft_timeout_passed_ = true;
  StopIfGoodEnough();
}

void FanOut::NoteArrival(std::size_t section) {
  if (!plan.requested.Has(section)) return;
  arrived_.Add(section);
  StopIfGoodEnough();
}

void FanOut::StopIfGoodEnough() {
  if (!soft_timeout_passed_ || stopped()) return;
  if (arrived_.empty() || !arrived_.HasAll(plan.required)) return;
  stopped_early_ = true;
  RequestStop();
}

void FanOut::Explain(Failure& failure) const {
  if (!stopped_early_ || failure.reason != Reason::kCancelled) return;
  failure = FailureFor(Reason::kSoftTimeout, failure.detail);
}

Failure FanOut::FailureOfStopped() const {
  Failure failure = FailureFor(Reason::kCancelled, "stopped before the call");
  Explain(failure);
  return failure;
}

bool FanOut::TellsTrace() const {
  return settings.start_traces || call.trace().received() ||
         call.call_trace().recording();
}

rpc::SpanId FanOut::AddMetadata(grpc::ClientContext& branch_call) const {
  const rpc::SpanId span =
      TellsTrace() ? call.call_trace().Propagate(branch_call) : 0;
  for (const std::string& key : settings.forwarded_keys) {
    for (const std::string_view value : call.AllMetadata(key)) {
      branch_call.AddMetadata(key, std::string(value));
    }
  }
  return span;
}

std::vector<std::pair<std::string, std::string>> FanOut::ForwardedMetadata()
    const {
  std::vector<std::pair<std::string, std::string>> metadata;
  for (const std::string& key : settings.forwarded_keys) {
    for (const std::string_view value : call.AllMetadata(key)) {
      metadata.emplace_back(key, value);
    }
  }
  return metadata;
}

void FanOut::Land(std::size_t section, const Landing& landing,
                  v1::SectionStatus* status, SectionStats& stats) {
  const SectionInfo& info = catalog.sections[section];
  std::string_view word = "ok";
  if (landing.failure && landing.failure->stale_age) {
    stats.OnStale(landing.failure->reason);
    word = "stale";
  } else if (landing.failure) {
    stats.OnFailure(landing.failure->reason);
    word = catalog.words.name(landing.failure->reason);
  } else {
    stats.OnOk();
  }
  call.AddLogField(info.name, word);
  call.AddLogField(info.name, landing.duration);
  if (landing.failure) {
    call.AddErrorLogField(info.error_key, landing.failure->detail);
  }
  if (landing.span != 0) {
    RecordSection(call.call_trace(), call.trace().span(), info, catalog.words,
                  landing);
  }
  if (score.Land(section, landing, status)) RequestStop();
}

}  // namespace gather::fanout
