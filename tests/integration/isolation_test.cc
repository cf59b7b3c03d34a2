// Under load, one backend that hangs costs its own section and nothing else:
// neither the other sections, nor places among the requests in flight.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/aggregator_fixture.h"
#include "tests/support/gate.h"

namespace gather::testing {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kCallsPerSecond = 100;
constexpr std::chrono::milliseconds kQuick = 500ms;
#else
constexpr int kCallsPerSecond = 400;
constexpr std::chrono::milliseconds kQuick = 50ms;
#endif

// What one call of the load came to.
struct Answered {
  Clock::time_point start;
  Clock::duration took;
  bool ok;
  bool others;  // user and orders are there
  bool products;
};

// Calls at a steady rate, whether or not the ones before have ended: an open
// loop.
class OpenLoop {
 public:
  explicit OpenLoop(AggregatorStub& stub)
      : stub_(stub), thread_([this](std::stop_token stop) { Run(stop); }) {}
  ~OpenLoop() { Stop(); }

  // Makes no more calls, and waits for all that it made.
  std::vector<Answered> Stop() {
    thread_ = {};
    EXPECT_TRUE(ended_.WaitFor(started_));
    const std::lock_guard lock(mutex_);
    return answered_;
  }

  // Until a call that began after `since` had a whole answer.
  bool AwaitWhole(Clock::time_point since, std::chrono::milliseconds patience) {
    const Clock::time_point end = Clock::now() + patience;
    while (Clock::now() < end) {
      if (HasWhole(since)) return true;
      std::this_thread::yield();
    }
    return HasWhole(since);
  }

 private:
  struct Call {
    grpc::ClientContext context;
    aggregator::v1::GetOverviewRequest request = RequestFor("u-1");
    aggregator::v1::GetOverviewResponse response;
  };

  void Run(const std::stop_token& stop) {
    Clock::time_point next = Clock::now();
    while (!stop.stop_requested()) {
      Start();
      next += std::chrono::microseconds(1'000'000 / kCallsPerSecond);
      std::this_thread::sleep_until(next);
    }
  }

  void Start() {
    ++started_;
    const auto call = std::make_shared<Call>();
    call->context.set_deadline(std::chrono::system_clock::now() +
                               2 * kPatience);
    const Clock::time_point start = Clock::now();
    stub_.async()->GetOverview(
        &call->context, &call->request, &call->response,
        [this, call, start](const grpc::Status& status) {
          const auto there = [](const auto& section) {
            return section.status().state() == fanout::v1::SECTION_STATE_OK;
          };
          const Answered answered{.start = start,
                                  .took = Clock::now() - start,
                                  .ok = status.ok(),
                                  .others = there(call->response.user()) &&
                                            there(call->response.orders()),
                                  .products = there(call->response.products())};
          {
            const std::lock_guard lock(mutex_);
            answered_.push_back(answered);
          }
          ended_.Add();
        });
  }

  bool HasWhole(Clock::time_point since) {
    const std::lock_guard lock(mutex_);
    return std::any_of(answered_.rbegin(), answered_.rend(),
                       [since](const Answered& answered) {
                         return answered.start >= since && answered.products;
                       });
  }

  AggregatorStub& stub_;
  std::mutex mutex_;
  std::vector<Answered> answered_;
  int started_ = 0;
  EventCounter ended_;
  std::jthread thread_;  // last: it uses all of the above
};

Clock::duration Median(const std::vector<Answered>& all, Clock::time_point from,
                       Clock::time_point to) {
  std::vector<Clock::duration> took;
  for (const Answered& answered : all) {
    if (answered.start >= from && answered.start < to) {
      took.push_back(answered.took);
    }
  }
  if (took.empty()) return Clock::duration::max();
  std::nth_element(took.begin(), took.begin() + took.size() / 2, took.end());
  return took[took.size() / 2];
}

TEST(IsolationTest, HangingBackendCostsItsSectionAndNoCall) {
  FixtureOptions options;
  options.timeouts = {.section = 3s, .total = 5s};
  options.limit.maximum = 500;
  options.breaker.enabled = true;
  options.server.max_inflight = 500;
  AggregatorFixture fixture(options);
  std::atomic<bool> hangs{false};
  fixture.products.SetRule([&hangs](const SeenCall&) {
    return hangs ? NeverAnswer() : AnswerRight();
  });
  OpenLoop load(fixture.stub());
  ASSERT_TRUE(load.AwaitWhole(Clock::now(), kPatience));

  hangs = true;
  const Clock::time_point hang_begins = Clock::now();
  // Not to guess when something has happened: the load goes on for so long.
  std::this_thread::sleep_until(hang_begins + 4s);
  hangs = false;
  const Clock::time_point hang_ends = Clock::now();
  EXPECT_TRUE(load.AwaitWhole(hang_ends, 2s));
  std::this_thread::sleep_until(hang_ends + 3s);

  const std::vector<Answered> all = load.Stop();
  for (const Answered& answered : all) {
    EXPECT_TRUE(answered.ok);
    EXPECT_TRUE(answered.others);
    // All is as it was, 2 s after the end.
    if (answered.start >= hang_ends + 2s) {
      EXPECT_TRUE(answered.products);
    }
  }
  EXPECT_LT(Median(all, hang_begins + 2s, hang_ends), kQuick);
}

}  // namespace
}  // namespace gather::testing
