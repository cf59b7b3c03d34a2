#include "server/ops/spans/sampler.h"

#include <charconv>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace gather::ops {
namespace {

constexpr uint64_t kAll = uint64_t{1} << 63;
constexpr std::string_view kParentBased = "parentbased_";

absl::StatusOr<uint64_t> ThresholdOf(std::string_view ratio) {
  if (ratio.empty()) return kAll;
  double share = -1;
  // NaN is in no range.
  if (!absl::SimpleAtod(absl::string_view(ratio.data(), ratio.size()),
                        &share) ||
      !(share >= 0 && share <= 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("OTEL_TRACES_SAMPLER_ARG: must be from 0 to 1, not \"",
                     std::string(ratio), "\""));
  }
  return static_cast<uint64_t>(share * static_cast<double>(kAll));
}

// The right half of an id, which is random also where the rest is not; less one
// bit, as in OpenTelemetry's SDKs for Go and Java.
uint64_t PlaceOf(std::string_view trace_id) {
  uint64_t right = 0;
  const std::string_view digits = trace_id.substr(trace_id.size() / 2);
  std::from_chars(digits.data(), digits.data() + digits.size(), right, 16);
  return right & (kAll - 1);
}

}  // namespace

absl::StatusOr<Sampler> Sampler::Make(std::string_view name,
                                      std::string_view argument) {
  Sampler sampler;
  if (name.empty()) return sampler;
  std::string_view root = name;
  sampler.parent_based_ = root.starts_with(kParentBased);
  if (sampler.parent_based_) root.remove_prefix(kParentBased.size());
  if (root == "always_on") return sampler;
  if (root == "always_off") {
    sampler.below_ = 0;
    return sampler;
  }
  if (root == "traceidratio") {
    const absl::StatusOr<uint64_t> below = ThresholdOf(argument);
    if (!below.ok()) return below.status();
    sampler.below_ = *below;
    return sampler;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "OTEL_TRACES_SAMPLER: must be always_on, always_off, traceidratio, or "
      "one of these behind parentbased_, not \"",
      std::string(name), "\""));
}

bool Sampler::Samples(const rpc::TraceContext& trace) const {
  if (parent_based_ && trace.received()) return trace.sampled();
  return below_ == kAll || PlaceOf(trace.trace_id()) < below_;
}

}  // namespace gather::ops
