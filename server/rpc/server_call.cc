#include "server/rpc/server_call.h"

namespace gather::rpc {

void ServerCall::Begin() {
  start_ = async::Clock::now();
  peer_ = context_.peer();
  deadline_ = async::FromTimespec(context_.raw_deadline());
  ended_.set_activity(method_);
  trace_ =
      ReceiveTrace(Metadata("traceparent"), Metadata("tracestate"), trace_ids_);
  context_.AddTrailingMetadata("traceparent", trace_.TraceParent());
}

std::vector<std::pair<std::string, std::string>>
ServerCall::ChildTraceMetadata() {
  const TraceContext child = trace_.Child(trace_ids_);
  std::vector<std::pair<std::string, std::string>> metadata;
  metadata.emplace_back("traceparent", child.TraceParent());
  if (!child.trace_state.empty()) {
    metadata.emplace_back("tracestate", child.trace_state);
  }
  return metadata;
}

std::string_view ServerCall::Metadata(std::string_view key) const {
  const auto& metadata = context_.client_metadata();
  const auto found = metadata.find(grpc::string_ref(key.data(), key.size()));
  if (found == metadata.end()) return {};
  return {found->second.data(), found->second.size()};
}

}  // namespace gather::rpc
