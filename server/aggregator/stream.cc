#include "server/aggregator/stream.h"

#include <utility>

#include "absl/status/statusor.h"
#include "server/async/gather.h"

namespace gather::aggregator {
namespace {

// Room for every section, so that they keep the order in which they landed and
// a reader that is slow does not make the fan-out look so.
constexpr std::size_t kParts = 3;

}  // namespace

OverviewStream::OverviewStream(async::EventLoop& loop,
                               rpc::StreamWriter<Part>& writer,
                               std::stop_source& cancel,
                               const FanOutTimes& times)
    : writer_(writer),
      cancel_(cancel),
      times_(times),
      merger_(times.start),
      parts_(loop, kParts) {}

async::Task<absl::Status> OverviewStream::Run(const FanOut& fan_out,
                                              Backends& backends) {
  auto [produced, sent] =
      co_await async::Gather(ProduceAll(fan_out, backends), Send());
  // Why the fan-out ended comes before what that did to the sending.
  co_return produced.ok() ? sent : produced;
}

template <typename Source>
async::Task<absl::Status> OverviewStream::Produce(const FanOut& fan_out,
                                                  Backend<Source>& backend) {
  BranchResult<typename Source::Reply> branch =
      co_await Fetch(fan_out, backend);
  // A stream has no part for what was not asked for.
  if (branch.ok() && branch->attempts == 0) co_return absl::OkStatus();
  const absl::Status end = branch.status();
  Part part;
  merger_.Add<Source>(std::move(branch), Source::Mutable(&part));
  // Fails fast: the other branches are cancelled by it.
  if (!end.ok()) co_return end;
  // The stream is at its end: what it says of this section would be that the
  // call was cancelled, which is this server's doing and no news.
  if (fan_out.stop.stop_requested()) co_return absl::CancelledError("stopped");
  co_return co_await parts_.Push(std::move(part), fan_out.stop);
}

async::Task<absl::Status> OverviewStream::ProduceAll(const FanOut& fan_out,
                                                     Backends& backends) {
  auto [user, orders, products] =
      co_await async::GatherFailFast(cancel_,                            //
                                     Produce(fan_out, backends.user),    //
                                     Produce(fan_out, backends.orders),  //
                                     Produce(fan_out, backends.products));
  absl::Status outcome = merger_.Outcome();
  // A section that could not be handed on is missing from the stream.
  for (const absl::Status& status : {user, orders, products}) {
    outcome.Update(status);
  }
  if (outcome.ok()) outcome = co_await Summarize(fan_out.stop);
  parts_.Close();
  co_return outcome;
}

async::Task<absl::Status> OverviewStream::Summarize(std::stop_token stop) {
  times_.end = async::Clock::now();
  Part part;
  part.mutable_summary()->set_complete(merger_.complete());
  merger_.FillTiming(times_, part.mutable_summary()->mutable_timing());
  co_return co_await parts_.Push(std::move(part), std::move(stop));
}

async::Task<absl::Status> OverviewStream::Send() {
  absl::Status outcome;
  while (true) {
    const absl::StatusOr<Part> part = co_await parts_.Pop();
    if (!part.ok()) break;  // closed and empty
    const bool sent = co_await writer_.Write(*part);
    if (sent) continue;
    // The call is dead: nobody is left to fetch for.
    outcome = absl::CancelledError("the caller went away");
    cancel_.request_stop();
  }
  co_return outcome;
}

}  // namespace gather::aggregator
