#include "server/fanout/spans.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gather::fanout {
namespace {

std::string_view NameOf(AttemptKind kind) {
  switch (kind) {
    case AttemptKind::kFirst:
      return "first";
    case AttemptKind::kRetry:
      return "retry";
    case AttemptKind::kHedge:
      return "hedge";
  }
  return "";
}

std::string_view StateOf(const Landing& landing) {
  if (!landing.failure) return "ok";
  return landing.failure->stale_age ? "stale" : "failed";
}

}  // namespace

void RecordSection(const rpc::CallTrace& trace, rpc::SpanId parent,
                   const SectionInfo& section, const ReasonWords& words,
                   const Landing& landing) {
  const bool failed = landing.failure.has_value();
  const std::array<rpc::SpanAttribute, 3> attributes = {{
      {"gather.section.attempts", int64_t{landing.attempts}},
      {"gather.section.state", StateOf(landing)},
      // Last: of those that failed alone.
      {"gather.section.reason",
       failed ? std::string_view(words.name(landing.failure->reason))
              : std::string_view()},
  }};
  trace.Record(
      {.id = landing.span,
       .parent = parent,
       .name = section.name,
       .start = landing.start,
       .end = landing.start + landing.duration,
       .failed = failed,
       .message = failed ? std::string_view(landing.failure->detail)
                         : std::string_view(),
       .attributes = {attributes.data(),
                      failed ? attributes.size() : attributes.size() - 1}});
}

void RecordAttempt(const rpc::CallTrace& trace, AttemptKind kind,
                   rpc::CalledSpan attempt) {
  const rpc::SpanAttribute attribute = {"gather.attempt.kind", NameOf(kind)};
  attempt.more = {&attribute, 1};
  rpc::RecordCalled(trace, attempt);
}

}  // namespace gather::fanout
