#ifndef GATHER_SERVER_FANOUT_REUSE_COALESCING_H_
#define GATHER_SERVER_FANOUT_REUSE_COALESCING_H_

#include <iterator>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "server/async/clock.h"
#include "server/async/gather.h"
#include "server/async/linked_stop.h"
#include "server/async/singleflight.h"
#include "server/async/task.h"
#include "server/async/timer.h"
#include "server/fanout/backend_of.h"
#include "server/fanout/fan_out.h"
#include "server/fanout/fetch.h"
#include "server/fanout/landing.h"
#include "server/fanout/policy/call_result.h"
#include "server/fanout/reason.h"
#include "server/fanout/reuse/shared_call.h"
#include "server/fanout/section.h"
#include "server/rpc/status.h"

// Equal calls of one loop that are wanted at the same time are made once: their
// sections wait for one SharedCall. Why, and what a failure is to those who
// wait for it: decisions/0028-coalescing.md.
namespace gather::fanout {

// One section's wait for a shared call: until that has ended, the request is
// stopped, or the section's time is up.
//
//   SharedWait<S> wait(fan_out, backend, key, requests, fetched);
//   auto run = wait.Run();
//   co_await std::move(run);
//
// Thread: the loop's. Lifetime: what it is given outlives it, and it the await.
template <typename S>
class SharedWait {
 public:
  SharedWait(FanOut& fan_out, BackendOf<S>& backend, const std::string& key,
             RequestsOf<S>& requests, Fetched<S>& fetched)
      : fan_out_(fan_out),
        backend_(backend),
        key_(key),
        requests_(requests),
        fetched_(fetched),
        leave_(fan_out.stop_token()),
        watch_(leave_.token()) {}

  // What comes of it is in `fetched`.
  async::Task<> Run() {
    auto both = async::Gather(Wait(), Watch());
    const auto [waited, watched] = co_await both;
    if (!waited.ok()) Fail(waited);
  }

  // It has failed, and the call was somebody else's.
  bool inherited_failure() const {
    return joined_ && !left_ && fetched_.landing.failure;
  }

 private:
  async::Task<> Wait() {
    const async::StopAtEnd no_watch(watch_.source());
    // A copy, as the first one's is moved to the call.
    auto seat = backend_.shared_calls.Board(fan_out_.loop(), std::string(key_),
                                            fan_out_, fetched_.landing.span,
                                            backend_, key_, requests_);
    joined_ = !seat.first();
    if (joined_) backend_.results.OnCoalesced();
    absl::Status waited;
    while (!seat.landed() && waited.ok()) {
      waited = co_await seat.Wait(leave_.token());
    }
    if (seat.landed()) {
      Take(seat);
      co_return;
    }
    left_ = true;
    if (time_up_ || fan_out_.stopped_early()) seat.work().OnTimeUp();
    if (seat.Leave()) {
      while (!seat.landed()) (void)co_await seat.Wait();
    }
    TellOfCalls(seat.work().fetched.landing);
    FailByLeaving();
  }

  // Has it leave once the section's time is up.
  async::Task<> Watch() {
    async::SleepUntil sleep(fan_out_.loop(), fetched_.deadline, watch_.token());
    const absl::Status slept = co_await sleep;
    if (!slept.ok()) co_return;
    time_up_ = true;
    leave_.source().request_stop();
  }

  // What was called on this section's behalf, by whomever.
  void TellOfCalls(const Landing& shared) {
    Landing& landing = fetched_.landing;
    landing.coalesced = joined_;
    landing.attempts += shared.attempts;
    landing.attempts_log.insert(landing.attempts_log.end(),
                                shared.attempts_log.begin(),
                                shared.attempts_log.end());
  }

  // The last one has what there is, and the others a copy.
  template <typename Seat>
  void Take(Seat& seat) {
    if (!seat.outcome().ok()) return Fail(seat.outcome());
    Fetched<S>& shared = seat.work().fetched;
    TellOfCalls(shared.landing);
    fetched_.landing.failure = shared.landing.failure;
    if (seat.last()) {
      fetched_.reply = std::move(shared.reply);
    } else {
      fetched_.reply = shared.reply;
    }
  }

  void FailByLeaving() {
    fetched_.landing.failure =
        time_up_ ? FailureFor(Reason::kBackendTimeout,
                              "the time to wait for another's call was up")
                 : fan_out_.FailureOfStopped();
  }

  void Fail(const absl::Status& own) {
    fetched_.landing.failure =
        FailureFor(Reason::kAggregatorError, rpc::TextOf(own));
  }

  FanOut& fan_out_;
  BackendOf<S>& backend_;
  const std::string& key_;
  RequestsOf<S>& requests_;
  Fetched<S>& fetched_;
  async::LinkedStop leave_;  // of the wait
  async::LinkedStop watch_;  // of the time
  bool joined_ = false;
  bool left_ = false;
  bool time_up_ = false;
};

// Whether a section whose call failed for somebody else may have one of its
// own. Not where that was an answer about the request, which would be the same;
// nor where so many calls fail that nothing is to be tried again.
template <typename S>
bool MayCallAnew(const FanOut& fan_out, const BackendOf<S>& backend,
                 const Fetched<S>& fetched) {
  return !fan_out.stopped() && async::Clock::now() < fetched.deadline &&
         ResultOf(*fetched.landing.failure) != CallResult::kSuccess &&
         backend.policies.retry_budget().AllowsRetry();
}

// The section's calls, or those of an equal section that are under way. A
// failure is not inherited: the section has a call of its own then, for which
// again there is one for all who want it now.
template <typename S>
async::Task<> CoalescedCall(FanOut& fan_out, BackendOf<S>& backend,
                            const std::string& key, RequestsOf<S>& requests,
                            Fetched<S>& fetched) {
  {
    SharedWait<S> wait(fan_out, backend, key, requests, fetched);
    async::Task<> run = wait.Run();
    co_await std::move(run);
    if (!wait.inherited_failure()) co_return;
  }
  if (!MayCallAnew(fan_out, backend, fetched)) co_return;
  fetched.landing.failure.reset();
  SharedWait<S> again(fan_out, backend, key, requests, fetched);
  async::Task<> run = again.Run();
  co_await std::move(run);
}

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_REUSE_COALESCING_H_
