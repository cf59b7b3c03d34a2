#include "server/aggregator/fetch.h"

#include <cstddef>
#include <string_view>

namespace gather::aggregator {

void AddMetadata(const FanOut& fan_out, grpc::ClientContext& call) {
  fan_out.call.AddChildTrace(call);
  for (const std::string& key : fan_out.forwarded_keys) {
    for (const std::string_view value : fan_out.call.AllMetadata(key)) {
      call.AddMetadata(key, std::string(value));
    }
  }
}

void Record(const FanOut& fan_out, v1::Section section,
            async::Clock::duration took, const absl::Status& outcome,
            SectionStats& results) {
  std::string_view word = "ok";
  if (outcome.ok()) {
    results.OnOk();
  } else {
    const std::size_t reason = ReasonIndex(outcome);
    results.OnFailure(reason);
    word = ReasonName(reason);
  }
  rpc::ServerCall& call = fan_out.call;
  call.AddLogField(SectionName(section), word);
  call.AddLogField(SectionName(section), took);
  // The backend's own words: for the log alone.
  if (!outcome.ok()) {
    call.AddErrorLogField(SectionErrorKey(section), outcome.ToString());
  }
}

}  // namespace gather::aggregator
