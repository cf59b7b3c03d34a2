#include "server/aggregator/fetch.h"

#include <string_view>

namespace gather::aggregator {

rpc::CallOptions MakeCallOptions(const FanOut& fan_out) {
  rpc::CallOptions options;
  options.deadline = fan_out.deadline;
  options.stop = fan_out.stop;
  options.metadata = fan_out.call.ChildTraceMetadata();
  for (const std::string& key : fan_out.forwarded_keys) {
    const std::string_view value = fan_out.call.Metadata(key);
    if (!value.empty()) options.metadata.emplace_back(key, value);
  }
  return options;
}

}  // namespace gather::aggregator
