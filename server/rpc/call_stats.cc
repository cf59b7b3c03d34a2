#include "server/rpc/call_stats.h"

#include <grpcpp/support/status_code_enum.h>

namespace gather::rpc {

void CallTotals::Add(const CallTotals& more) {
  started += more.started;
  for (std::size_t i = 0; i < kCodes; ++i) handled[i] += more.handled[i];
  handling.Add(more.handling);
}

void CallStats::OnEnd(int code, async::Clock::duration took) {
  const bool canonical = code >= 0 && code < static_cast<int>(kCodes);
  handled_[canonical ? code : grpc::StatusCode::UNKNOWN].Add();
  handling_.Add(took);
}

void CallStats::AddTo(CallTotals& totals) const {
  // What is counted last is read first: see Counter.
  handling_.AddTo(totals.handling);
  for (std::size_t i = 0; i < kCodes; ++i) {
    totals.handled[i] += handled_[i].value();
  }
  totals.started += started_.value();
}

}  // namespace gather::rpc
