// A call that takes longer than it may: asyncio.wait_for.

#include <chrono>
#include <stop_token>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/tour/backends.h"
#include "client/tour/calls.h"
#include "client/tour/chapters.h"
#include "server/async/event_loop.h"

namespace gather::client::tour {
namespace {

Span CallWithTimeout(async::EventLoop& loop, const Backends& backends,
                     Clock::duration timeout) {
  Span span{.name = "user, as its caller saw it"};
  // tour: begin
  const auto run = [&]() -> async::Task<> {
    span.start = Clock::now();
    auto call = Call(loop, backends, kUser, std::stop_token(), timeout);
    span.status = co_await std::move(call);
    span.end = Clock::now();
  };
  loop.RunUntilComplete(run());
  // tour: end
  return span;
}

}  // namespace

Report RunTimeout(double scale) {
  Backends backends(scale);
  async::EventLoop loop;
  const auto latency = std::chrono::duration_cast<Clock::duration>(
      BackendFaults().user.latency * scale);
  const Clock::duration timeout = latency / 4;
  const Span call = CallWithTimeout(loop, backends, timeout);
  std::vector<Span> spans = {call};
  for (Span seen : backends.witness(kUser).WaitFor(1)) {
    seen.name = "user, as its backend saw it";
    spans.push_back(seen);
  }

  Report report;
  report.Draw(spans, "", absl::FromChrono(latency));
  report.Measured("total", call.length());
  report.Measured("timeout", timeout);
  report.Says(
      absl::StrCat("the caller had its answer after ", Say(call.length()),
                   ", and not after ", Say(latency), ": DEADLINE_EXCEEDED"),
      absl::IsDeadlineExceeded(call.status) && call.length() >= timeout &&
          call.length() < latency);
  report.Says("the backend saw it end, and could stop as well",
              spans.size() == 2 && !spans[1].status.ok() &&
                  spans[1].length() < latency);
  return report;
}

}  // namespace gather::client::tour
