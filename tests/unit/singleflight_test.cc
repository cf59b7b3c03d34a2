#include "server/async/singleflight.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "server/async/event_loop.h"
#include "server/async/task.h"
#include "server/async/task_scope.h"
#include "server/async/wait_list.h"

namespace gather::async {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

// What the flights of a test have in common.
struct Airport {
  explicit Airport(EventLoop& event_loop)
      : loop(event_loop), open(event_loop) {}

  EventLoop& loop;
  WaitList open;  // lets all that are under way end
  bool throws = false;
  bool at_once = false;
  int begun = 0;
  int stopped = 0;
  int alive = 0;
};

// Work that ends when the airport says so, and is slow to stop.
class Journey {
 public:
  Journey(std::stop_token stop, Airport& airport)
      : airport_(airport), stop_(std::move(stop)), number_(++airport.begun) {
    ++airport.alive;
  }
  ~Journey() { --airport_.alive; }

  Task<> Run() {
    if (!airport_.at_once) {
      const absl::Status opened = co_await airport_.open.Wait(stop_);
      if (!opened.ok()) {
        ++airport_.stopped;
        co_await airport_.loop.Yield();
        co_await airport_.loop.Yield();
        co_return;
      }
    }
    if (airport_.throws) throw std::runtime_error("no wind");
    result = number_;
  }

  int result = 0;

 private:
  Airport& airport_;
  const std::stop_token stop_;
  const int number_;
};

class SingleflightTest : public ::testing::Test {
 protected:
  ~SingleflightTest() override { EXPECT_EQ(airport_.alive, 0); }

  Task<> Fly(std::string key, std::string name, std::stop_token stop = {}) {
    auto seat = flights_.Board(loop_, std::move(key), airport_);
    if (seat.first()) first_.push_back(name);
    absl::Status waited;
    while (!seat.landed() && waited.ok()) waited = co_await seat.Wait(stop);
    if (seat.landed()) {
      EXPECT_EQ(seat.outcome().ok(), !airport_.throws);
      if (seat.last()) last_.push_back(name);
      landed_.push_back(name + std::to_string(seat.work().result));
      co_return;
    }
    left_.push_back(name);
    if (seat.Leave()) {
      last_.push_back(name);
      while (!seat.landed()) (void)co_await seat.Wait();
    }
  }

  Task<> Settle() {
    for (int i = 0; i < 8; ++i) co_await loop_.Yield();
  }

  EventLoop loop_;
  Airport airport_{loop_};
  Singleflight<Journey> flights_;
  std::vector<std::string> first_;
  std::vector<std::string> last_;
  std::vector<std::string> landed_;
  std::vector<std::string> left_;
};

TEST_F(SingleflightTest, EqualWorkIsDoneOnceAndTheLastOneMayTakeIt) {
  const auto run = [&]() -> Task<> {
    TaskScope scope;
    for (const char* name : {"a", "b", "c"}) scope.Spawn(Fly("rome", name));
    scope.Spawn(Fly("oslo", "d"));
    co_await Settle();
    EXPECT_EQ(airport_.begun, 2);
    airport_.open.NotifyAll();
    EXPECT_TRUE((co_await scope.Join()).ok());
  };
  loop_.RunUntilComplete(run());
  EXPECT_THAT(first_, ElementsAre("a", "d"));
  EXPECT_THAT(landed_, UnorderedElementsAre("a1", "b1", "c1", "d2"));
  EXPECT_THAT(last_, UnorderedElementsAre("c", "d"));
}

TEST_F(SingleflightTest, FirstOneLeavesAndTheOthersLand) {
  std::stop_source leave;
  const auto run = [&]() -> Task<> {
    TaskScope scope;
    scope.Spawn(Fly("rome", "a", leave.get_token()));
    scope.Spawn(Fly("rome", "b"));
    leave.request_stop();
    co_await Settle();
    EXPECT_THAT(left_, ElementsAre("a"));
    EXPECT_EQ(airport_.stopped, 0);
    scope.Spawn(Fly("rome", "c"));
    airport_.open.NotifyAll();
    EXPECT_TRUE((co_await scope.Join()).ok());
  };
  loop_.RunUntilComplete(run());
  EXPECT_THAT(landed_, UnorderedElementsAre("b1", "c1"));
}

TEST_F(SingleflightTest, LastOneOutStopsItAndWaitsForItsEnd) {
  std::stop_source leave;
  const auto run = [&]() -> Task<> {
    TaskScope scope;
    scope.Spawn(Fly("rome", "a", leave.get_token()));
    scope.Spawn(Fly("rome", "b", leave.get_token()));
    leave.request_stop();
    EXPECT_TRUE((co_await scope.Join()).ok());
    EXPECT_EQ(airport_.stopped, 1);
    EXPECT_EQ(airport_.alive, 0);
  };
  loop_.RunUntilComplete(run());
  EXPECT_THAT(left_, UnorderedElementsAre("a", "b"));
  EXPECT_EQ(last_.size(), 1U);  // whichever heard of it last
}

TEST_F(SingleflightTest, WhoComesWhileItStopsBeginsItAnew) {
  std::stop_source leave;
  const auto run = [&]() -> Task<> {
    TaskScope scope;
    scope.Spawn(Fly("rome", "a", leave.get_token()));
    leave.request_stop();
    while (airport_.stopped == 0) co_await loop_.Yield();
    EXPECT_EQ(airport_.alive, 1);
    scope.Spawn(Fly("rome", "b"));
    co_await Settle();
    airport_.open.NotifyAll();
    EXPECT_TRUE((co_await scope.Join()).ok());
  };
  loop_.RunUntilComplete(run());
  EXPECT_THAT(first_, ElementsAre("a", "b"));
  EXPECT_THAT(landed_, ElementsAre("b2"));
}

TEST_F(SingleflightTest, WhoComesAfterItsEndBeginsItAnew) {
  const auto run = [&]() -> Task<> {
    TaskScope scope;
    scope.Spawn(Fly("rome", "a"));
    airport_.open.NotifyAll();
    co_await Settle();
    scope.Spawn(Fly("rome", "b"));
    airport_.open.NotifyAll();
    EXPECT_TRUE((co_await scope.Join()).ok());
  };
  loop_.RunUntilComplete(run());
  EXPECT_THAT(landed_, ElementsAre("a1", "b2"));
}

TEST_F(SingleflightTest, WorkThatNeverWaitsHasLandedAtOnce) {
  airport_.at_once = true;
  loop_.RunUntilComplete(Fly("rome", "a"));
  loop_.RunUntilComplete(Fly("rome", "b"));
  EXPECT_THAT(landed_, ElementsAre("a1", "b2"));
}

TEST_F(SingleflightTest, WhatTheWorkThrowsIsAnOutcomeForAll) {
  airport_.throws = true;
  const auto run = [&]() -> Task<> {
    TaskScope scope;
    scope.Spawn(Fly("rome", "a"));
    scope.Spawn(Fly("rome", "b"));
    airport_.open.NotifyAll();
    EXPECT_TRUE((co_await scope.Join()).ok());
  };
  loop_.RunUntilComplete(run());
  EXPECT_THAT(landed_, ElementsAre("a0", "b0"));
}

}  // namespace
}  // namespace gather::async
