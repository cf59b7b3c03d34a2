#ifndef GATHER_SERVER_OPS_SPANS_SAMPLER_H_
#define GATHER_SERVER_OPS_SPANS_SAMPLER_H_

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/rpc/trace.h"

namespace gather::ops {

// Which traces are recorded: one of OpenTelemetry's samplers, by its name there
// (https://opentelemetry.io/docs/specs/otel/trace/sdk/#built-in-samplers).
//
// Thread: any.
class Sampler {
 public:
  // parentbased_always_on: what the caller wants, and else every one.
  Sampler() = default;

  // always_on, always_off or traceidratio, or one of these behind parentbased_:
  // then a caller that has a trace decides. Empty is the default. `argument` is
  // traceidratio's share, from 0 to 1; empty is 1. INVALID_ARGUMENT, one line,
  // that names OTEL_TRACES_SAMPLER or OTEL_TRACES_SAMPLER_ARG.
  static absl::StatusOr<Sampler> Make(std::string_view name,
                                      std::string_view argument);

  // The same for every process that a trace passes and that has this share, or
  // a larger one: told by the trace's id, as OpenTelemetry's SDKs do.
  bool Samples(const rpc::TraceContext& trace) const;

 private:
  bool parent_based_ = true;
  // Of 2^63; more than any trace has where it takes all.
  uint64_t below_ = uint64_t{1} << 63;
};

}  // namespace gather::ops

#endif  // GATHER_SERVER_OPS_SPANS_SAMPLER_H_
