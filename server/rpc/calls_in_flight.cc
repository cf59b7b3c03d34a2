#include "server/rpc/calls_in_flight.h"

#include "server/async/clock.h"
#include "server/async/timer.h"

namespace gather::rpc {

CallsInFlight::Guard::Guard(CallsInFlight& calls, ServerCall& call)
    : call_(call) {
  call.in_flight_ = &calls;
  calls.calls_.PushBack(call);
  if (calls.stop_requested()) call.Stop(StopCause::kDraining);
}

CallsInFlight::Guard::~Guard() {
  call_.Unlink();
  call_.in_flight_ = nullptr;
}

void CallsInFlight::AddPeers(std::set<std::string>& peers) {
  async::IntrusiveList<ServerCall> added;
  while (!calls_.empty()) {
    ServerCall& call = calls_.PopFront();
    added.PushBack(call);
    try {
      peers.insert(call.context().peer());
    } catch (...) {
      calls_.TakeAll(added);
      throw;
    }
  }
  calls_.TakeAll(added);
}

async::Task<> CallsInFlight::AwaitStop(async::EventLoop& loop) {
  async::SleepUntil stopped(loop, async::Clock::time_point::max(),
                            stop_.get_token());
  (void)co_await stopped;
  // To a list of its own: what a stop leads to may end calls, and begin some.
  async::IntrusiveList<ServerCall> running;
  running.TakeAll(calls_);
  while (!running.empty()) {
    ServerCall& call = running.PopFront();
    calls_.PushBack(call);
    call.Stop(StopCause::kDraining);
  }
}

}  // namespace gather::rpc
