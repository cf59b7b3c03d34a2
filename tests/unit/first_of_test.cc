#include "server/async/first_of.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/async/event_loop.h"
#include "server/async/linked_stop.h"
#include "server/async/timer.h"
#include "tests/support/probe.h"

namespace gather::async {
namespace {

using namespace std::chrono_literals;
using testing::Counted;
using testing::Pause;
using testing::Runner;
using Reply = absl::StatusOr<std::string>;

Task<Reply> AnswerAfter(Pause& pause, Reply reply) {
  co_await pause;
  co_return reply;
}

Task<Reply> Answer(Reply reply) { co_return reply; }

Task<Reply> Throw() {
  throw std::runtime_error("no such luck");
  co_return Reply("never");
}

// Until it is stopped, and a little longer.
Task<Reply> EndLate(EventLoop& loop, std::stop_token stop, bool* ended) {
  const absl::Status slept = co_await SleepFor(loop, 1h, stop);
  for (int i = 0; i < 3; ++i) co_await loop.Yield();
  *ended = true;
  co_return slept;
}

Task<FirstOf<Reply>> AwaitFirst(std::stop_source& cancel,
                                std::vector<Task<Reply>> tasks) {
  co_return co_await FirstSuccess(cancel, std::move(tasks));
}

TEST(FirstSuccessTest, FirstSuccessWinsAndTheRestIsCancelledAndAwaited) {
  EventLoop loop;
  std::stop_source cancel;
  bool slow_ended = false;
  const auto run = [&]() -> Task<> {
    const FirstOf<Reply> first = co_await FirstSuccess(
        cancel, EndLate(loop, cancel.get_token(), &slow_ended),
        Answer(Reply("fast")));
    EXPECT_TRUE(slow_ended);
    EXPECT_EQ(first.winner, 1U);
    EXPECT_EQ(*first.outcomes[1], "fast");
    EXPECT_TRUE(absl::IsCancelled(first.outcomes[0].status()));
  };
  loop.RunUntilComplete(run());
  EXPECT_TRUE(cancel.stop_requested());
}

TEST(FirstSuccessTest, FailuresAndExceptionsDoNotWin) {
  std::stop_source cancel;
  Pause slow, slower;
  std::vector<Task<Reply>> tasks;
  tasks.push_back(AnswerAfter(slow, absl::UnavailableError("away")));
  tasks.push_back(Throw());
  tasks.push_back(AnswerAfter(slower, Reply("here")));
  Runner<FirstOf<Reply>> runner(AwaitFirst(cancel, std::move(tasks)));
  runner.Start();
  slow.Resume();
  EXPECT_FALSE(runner.done());
  EXPECT_FALSE(cancel.stop_requested());
  slower.Resume();
  ASSERT_TRUE(runner.done());
  const FirstOf<Reply> first = runner.Take();
  EXPECT_EQ(first.winner, 2U);
  EXPECT_TRUE(absl::IsUnavailable(first.outcomes[0].status()));
  EXPECT_TRUE(absl::IsInternal(first.outcomes[1].status()));
  EXPECT_EQ(*first.outcomes[2], "here");
}

TEST(FirstSuccessTest, WhereAllFailAllFailuresAreTold) {
  std::stop_source cancel;
  Pause pause;
  std::vector<Task<Reply>> tasks;
  tasks.push_back(AnswerAfter(pause, absl::UnavailableError("away")));
  tasks.push_back(Answer(absl::NotFoundError("none")));
  Runner<FirstOf<Reply>> runner(AwaitFirst(cancel, std::move(tasks)));
  runner.Start();
  pause.Resume();
  ASSERT_TRUE(runner.done());
  const FirstOf<Reply> first = runner.Take();
  EXPECT_EQ(first.winner, std::nullopt);
  ASSERT_EQ(first.outcomes.size(), 2U);
  EXPECT_TRUE(absl::IsUnavailable(first.outcomes[0].status()));
  EXPECT_TRUE(absl::IsNotFound(first.outcomes[1].status()));
  EXPECT_FALSE(cancel.stop_requested());
}

TEST(FirstSuccessTest, SecondSuccessIsNotTheWinner) {
  std::stop_source cancel;
  Pause one, two;
  std::vector<Task<Reply>> tasks;
  tasks.push_back(AnswerAfter(one, Reply("one")));
  tasks.push_back(AnswerAfter(two, Reply("two")));
  Runner<FirstOf<Reply>> runner(AwaitFirst(cancel, std::move(tasks)));
  runner.Start();
  two.Resume();
  EXPECT_TRUE(cancel.stop_requested());
  EXPECT_FALSE(runner.done());  // it does not listen, and is waited for
  one.Resume();
  ASSERT_TRUE(runner.done());
  const FirstOf<Reply> first = runner.Take();
  EXPECT_EQ(first.winner, 1U);
  EXPECT_EQ(*first.outcomes[0], "one");
}

TEST(FirstSuccessTest, TasksAfterOneThatEndsAtOnceAreNeverStarted) {
  int alive = 0;
  bool started = false;
  const auto start = [&](Counted) -> Task<Reply> {
    started = true;
    co_return Reply("late");
  };
  std::stop_source cancel;
  std::vector<Task<Reply>> tasks;
  tasks.push_back(Answer(Reply("at once")));
  tasks.push_back(start(Counted(&alive)));
  Runner<FirstOf<Reply>> runner(AwaitFirst(cancel, std::move(tasks)));
  runner.Start();
  ASSERT_TRUE(runner.done());
  const FirstOf<Reply> first = runner.Take();
  EXPECT_EQ(first.winner, 0U);
  EXPECT_TRUE(absl::IsCancelled(first.outcomes[1].status()));
  EXPECT_FALSE(started);
  EXPECT_EQ(alive, 0);
}

TEST(FirstSuccessTest, OfNoneNoneWins) {
  std::stop_source cancel;
  Runner<FirstOf<Reply>> runner(AwaitFirst(cancel, {}));
  runner.Start();
  ASSERT_TRUE(runner.done());
  EXPECT_EQ(runner.Take().winner, std::nullopt);
}

TEST(FirstSuccessTest, CallersStopEndsAll) {
  EventLoop loop;
  std::stop_source caller;
  bool one_ended = false;
  bool other_ended = false;
  const auto run = [&]() -> Task<> {
    LinkedStop cancel(caller.get_token());
    loop.Post([&] { caller.request_stop(); });
    const FirstOf<Reply> first = co_await FirstSuccess(
        cancel.source(), EndLate(loop, cancel.token(), &one_ended),
        EndLate(loop, cancel.token(), &other_ended));
    EXPECT_EQ(first.winner, std::nullopt);
  };
  loop.RunUntilComplete(run());
  EXPECT_TRUE(one_ended && other_ended);
}

}  // namespace
}  // namespace gather::async
