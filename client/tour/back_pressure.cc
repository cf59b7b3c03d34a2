#include "client/tour/back_pressure.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "server/async/bounded_queue.h"
#include "server/async/event_loop.h"
#include "server/async/gather.h"
#include "server/async/timer.h"

namespace gather::client::tour {
namespace {

constexpr int kItems = 6;
constexpr std::size_t kCapacity = 2;
constexpr std::chrono::milliseconds kWork(200);  // for each item, at scale 1

}  // namespace

bool BackPressure::held_the_producer_back() const {
  if (taken.size() != pushes.size()) return false;
  for (std::size_t i = capacity; i < pushes.size(); ++i) {
    if (pushes[i].end < taken[i - capacity]) return false;
  }
  return true;
}

BackPressure MeasureBackPressure(double scale) {
  const auto work = std::chrono::duration_cast<Clock::duration>(kWork * scale);
  BackPressure measured{
      .capacity = kCapacity, .pushes = std::vector<Span>(kItems), .taken = {}};
  async::EventLoop loop;
  async::BoundedQueue<int> queue(loop, kCapacity);
  // tour: begin
  const auto produce = [&]() -> async::Task<> {
    const async::BoundedQueue<int>::Closer closer(queue);
    for (int i = 0; i < kItems; ++i) {
      Span& push = measured.pushes[static_cast<std::size_t>(i)];
      push.start = Clock::now();
      push.status = co_await queue.Push(i);  // waits while it is full
      push.end = Clock::now();
    }
  };
  const auto consume = [&]() -> async::Task<> {
    const async::BoundedQueue<int>::Closer closer(queue);
    while (true) {
      const absl::StatusOr<int> item = co_await queue.Pop();
      if (!item.ok()) co_return;  // closed, and empty
      measured.taken.push_back(Clock::now());
      (void)co_await async::SleepFor(loop, work);
    }
  };
  // tour: end
  const auto run = [&]() -> async::Task<> {
    (void)co_await async::Gather(produce(), consume());
  };
  loop.RunUntilComplete(run());
  for (std::size_t i = 0; i < measured.pushes.size(); ++i) {
    measured.pushes[i].name =
        absl::StrCat("item ", i + 1, " waits for a place");
  }
  return measured;
}

}  // namespace gather::client::tour
