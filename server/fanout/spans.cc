#include "server/fanout/spans.h"

#include <cstdint>
#include <string_view>

#include "absl/container/inlined_vector.h"

namespace gather::fanout {
namespace {

constexpr std::string_view kState = "gather.section.state";
constexpr std::string_view kReason = "gather.section.reason";
constexpr std::string_view kAttempts = "gather.section.attempts";
constexpr std::string_view kKind = "gather.attempt.kind";

std::string_view StateOf(const Landing& landing) {
  if (!landing.failure) return "ok";
  return landing.failure->stale_age ? "stale" : "failed";
}

}  // namespace

void RecordSection(const rpc::CallTrace& trace, rpc::SpanId parent,
                   const SectionInfo& section, const ReasonWords& words,
                   const Landing& landing) {
  const bool failed = landing.failure.has_value();
  // What is the same for most is left out, as the semantic conventions have it.
  absl::InlinedVector<rpc::SpanAttribute, 3> attributes;
  attributes.push_back({kState, StateOf(landing)});
  if (failed) {
    attributes.push_back({kReason, words.name(landing.failure->reason)});
  }
  if (landing.attempts != 1) {
    attributes.push_back({kAttempts, int64_t{landing.attempts}});
  }
  trace.Record({.id = landing.span,
                .parent = parent,
                .name = section.name,
                .start = landing.start,
                .end = landing.start + landing.duration,
                .failed = failed,
                .message = failed ? std::string_view(landing.failure->detail)
                                  : std::string_view(),
                .attributes = attributes});
}

void RecordAttempt(const rpc::CallTrace& trace, AttemptKind kind,
                   rpc::CalledSpan attempt) {
  const rpc::SpanAttribute attribute = {
      kKind, kind == AttemptKind::kHedge ? "hedge" : "retry"};
  if (kind != AttemptKind::kFirst) attempt.more = {&attribute, 1};
  rpc::RecordCalled(trace, attempt);
}

}  // namespace gather::fanout
