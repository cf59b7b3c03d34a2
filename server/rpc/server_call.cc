#include "server/rpc/server_call.h"

#include "server/rpc/calls_in_flight.h"

namespace gather::rpc {

void ServerCall::Stop(StopCause cause) {
  if (stop_cause_ != StopCause::kNone) return;
  stop_cause_ = cause;
  may_have_expired_ =
      rpc::MayHaveExpired(cause, deadline_, async::Clock::now());
  stop_.request_stop();
}

void ServerCall::StopAsCancelled() {
  // A loop that was held may not have come to stop it for the drain.
  const bool draining = in_flight_ != nullptr && in_flight_->stop_requested();
  Stop(draining ? StopCause::kDraining
                : CauseOfCancel(start_, deadline_, async::Clock::now()));
}

void ServerCall::Begin(bool tell_trace, SpanSink* spans) {
  start_ = async::Clock::now();
  peer_ = context_.peer();
  deadline_ = async::FromTimespec(context_.raw_deadline());
  ended_.set_activity(method_);
  trace_.Begin(ReceiveTrace(), spans);
  if (tell_trace) {
    context_.AddTrailingMetadata("traceparent", trace().trace_parent());
  }
}

// Which of two parents is the caller's can't be told; several states are one
// list: https://www.w3.org/TR/trace-context/#tracestate-header.
TraceContext ServerCall::ReceiveTrace() {
  const std::string_view parent = Metadata("traceparent");
  if (parent.empty() || AllMetadata("traceparent").size() > 1) {
    return TraceContext(trace_ids_);
  }
  std::string states;
  for (const std::string_view state : AllMetadata("tracestate")) {
    if (!states.empty()) states += ',';
    states += state;
  }
  return TraceContext::Receive(parent, states, trace_ids_);
}

std::string_view ServerCall::Metadata(std::string_view key) const {
  const auto& metadata = context_.client_metadata();
  const auto found = metadata.find(grpc::string_ref(key.data(), key.size()));
  if (found == metadata.end()) return {};
  return {found->second.data(), found->second.size()};
}

std::vector<std::string_view> ServerCall::AllMetadata(
    std::string_view key) const {
  std::vector<std::string_view> values;
  const auto [begin, end] = context_.client_metadata().equal_range(
      grpc::string_ref(key.data(), key.size()));
  for (auto each = begin; each != end; ++each) {
    values.emplace_back(each->second.data(), each->second.size());
  }
  return values;
}

}  // namespace gather::rpc
