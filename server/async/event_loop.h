#ifndef GATHER_SERVER_ASYNC_EVENT_LOOP_H_
#define GATHER_SERVER_ASYNC_EVENT_LOOP_H_

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <atomic>
#include <cassert>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "server/async/clock.h"
#include "server/async/completion.h"
#include "server/async/intrusive_list.h"
#include "server/async/task.h"

namespace gather::async {

// Told what a loop runs, and when: see EventLoop::set_recorder(). Only the tour
// (client/tour/loop_timeline.cc) and tests have use for it.
//
// Thread: the loop's. An implementation takes the time itself.
class LoopRecorder {
 public:
  // From now on `activity` runs; null is work that nobody named. Also told
  // when the work that runs takes another name.
  virtual void OnRun(const char* activity) = 0;
  // The step is over: the loop goes on to the next, or waits.
  virtual void OnPause() = 0;

 protected:
  ~LoopRecorder() = default;
};

// One thread's loop over one completion queue: next, cast, complete. RPCs of
// both directions, timers and posted work all arrive here, so what runs on a
// loop needs no lock against anything else on it.
//
//   EventLoop loop;
//   int answer = loop.RunUntilComplete(Answer(loop));
//
// Thread: Run() and RunUntilComplete() make the calling thread the loop's
// thread. Post() and Shutdown() may be called from any thread; all else only on
// the loop's thread.
// Lifetime: settle every operation before Shutdown() (TaskScope::Join() does);
// gRPC aborts where an operation is started on a queue that is shut down.
class EventLoop {
 public:
  // A queue of its own: enough for clients and timers.
  EventLoop() : EventLoop(std::make_unique<grpc::CompletionQueue>()) {}

  // A server's queue, from grpc::ServerBuilder::AddCompletionQueue().
  explicit EventLoop(std::unique_ptr<grpc::CompletionQueue> queue);

  // Shuts the queue down, and drains it.
  ~EventLoop();

  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Runs until Shutdown() was called and everything delivered.
  void Run();

  // Runs `task` on the calling thread, and all else on the loop meanwhile,
  // until the task has ended; throws what it threw.
  template <typename T>
  T RunUntilComplete(Task<T> task);

  // Has `completion` completed on the loop's thread, with ok=true, soon. Never
  // runs it before returning, and allocates nothing, so that stop callbacks and
  // destructors may post. Not one that is posted already.
  void Post(Completion* completion);

  // The same for a callable: `loop.Post([&] { ... });`
  template <typename F>
    requires std::is_invocable_v<F>
  void Post(F function);

  // co_await loop.Yield(): lets all else that is ready run first.
  class YieldAwaiter;
  YieldAwaiter Yield();

  // co_await loop.WhenIdle(): lets all else go first that the loop has to do,
  // for work that may wait, such as to begin more of it. In the order of the
  // awaits; one in some steps goes on also where the loop is never idle.
  class IdleAwaiter;
  IdleAwaiter WhenIdle();

  // For a loop whose work may wait, in a process whose other loops poll: it
  // looks for what is there only so often, and leaves the sockets to them. A
  // thread that waits in its queue takes turns with them at polling, which
  // costs each of their calls (decisions/0034-loops-by-need.md).
  void set_pace(Clock::duration pace) { pace_ = pace; }

  // Lets Run() return once everything outstanding is delivered. Idempotent.
  void Shutdown();

  // The queue, to start operations on with a Completion's tag.
  grpc::CompletionQueue* queue() { return queue_.get(); }

  bool IsCurrentThread() const {
    return thread_.load(std::memory_order_relaxed) ==
           std::this_thread::get_id();
  }

  // The work that runs now: see Completion::activity().
  const char* activity() const {
    return activity_.load(std::memory_order_relaxed);
  }
  void set_activity(const char* activity) {
    activity_.store(activity, std::memory_order_relaxed);
    if (recorder_ != nullptr) recorder_->OnRun(activity);
  }

  // For a watchdog, from any thread: changes whenever a step begins or ends,
  // and is odd while one runs.
  uint64_t step_count() const {
    return step_count_.load(std::memory_order_relaxed);
  }

  // Has `recorder` told of every step from now on; null tells nobody, which is
  // the default and costs nothing. It must outlive the loop or be unset. No
  // server has one: gatherctl's tour draws what a loop does.
  void set_recorder(LoopRecorder* recorder) { recorder_ = recorder; }

 private:
  // Brings work that other threads posted to the loop.
  class Wakeup final : public Completion {
   public:
    explicit Wakeup(EventLoop* loop) : loop_(loop) {}
    void Complete(bool ok) override;

   private:
    EventLoop* loop_;
  };

  // Delivers what is there; waits for one completion if nothing is ready.
  // False once the queue is shut down and drained.
  bool RunOnce();
  // What is queued; polls once where nothing is, and does not wait.
  grpc::CompletionQueue::NextStatus Look(void** tag, bool* ok);
  bool NextInPace(void** tag, bool* ok);
  // Waits for a completion. What the steps of one turn write, those between two
  // waits, goes out together, where turns have several.
  bool Next(void** tag, bool* ok);
  void Cork();
  void Uncork();
  void RunReady();
  void RunDeferred(int most);
  // Looks after sockets every few steps while work is queued: Next() does so
  // only where the queue is empty, and calls that were read but wait for their
  // turn would keep replies, and new connections' handshakes, from being read
  // until their timeouts (decisions/0015-polling-gets-its-turn.md).
  void PollInTurn();
  void Step(Completion* completion, bool ok);
  void BeginStep(const char* activity);
  void EndStep();

  const std::unique_ptr<grpc::CompletionQueue> queue_;
  std::atomic<std::thread::id> thread_{};
  std::atomic<const char*> activity_{nullptr};
  std::atomic<uint64_t> step_count_{0};  // only the loop's thread writes it
  LoopRecorder* recorder_ = nullptr;
  // Always empty: to wait on it is to poll, for the whole process (epoll1).
  grpc::CompletionQueue poller_;
  int steps_since_poll_ = 0;
  bool corked_ = false;  // this loop's thread is, while it runs the loop
  int waits_since_look_ = 0;
  int steps_in_turn_ = 0;
  int steps_since_flush_ = 0;
  Clock::duration pace_{};              // zero: waits in the queue
  IntrusiveList<Completion> ready_;     // posted by the loop's own thread
  IntrusiveList<Completion> running_;   // taken from there by RunReady
  IntrusiveList<Completion> deferred_;  // until there is nothing else to do
  int steps_since_deferred_ = 0;

  Wakeup wakeup_{this};
  grpc::Alarm alarm_;  // at most one in flight: guarded by posted_mutex_
  std::mutex posted_mutex_;
  IntrusiveList<Completion> posted_;  // by other threads
  bool shutdown_ = false;             // guarded by posted_mutex_
};

class [[nodiscard]] EventLoop::YieldAwaiter final : public Completion {
 public:
  explicit YieldAwaiter(EventLoop* loop) : loop_(loop) {}

  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    set_activity(loop_->activity());
    loop_->Post(this);
  }
  void await_resume() noexcept {}

 private:
  void Complete(bool) override { waiter_.resume(); }

  EventLoop* loop_;
  std::coroutine_handle<> waiter_;
};

inline EventLoop::YieldAwaiter EventLoop::Yield() { return YieldAwaiter(this); }

class [[nodiscard]] EventLoop::IdleAwaiter final : public Completion {
 public:
  explicit IdleAwaiter(EventLoop* loop) : loop_(loop) {}

  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    set_activity(loop_->activity());
    loop_->deferred_.PushBack(*this);
  }
  void await_resume() noexcept {}

 private:
  void Complete(bool) override { waiter_.resume(); }

  EventLoop* loop_;
  std::coroutine_handle<> waiter_;
};

inline EventLoop::IdleAwaiter EventLoop::WhenIdle() {
  return IdleAwaiter(this);
}

template <typename F>
  requires std::is_invocable_v<F>
void EventLoop::Post(F function) {
  class Call final : public Completion {
   public:
    explicit Call(F f) : function_(std::move(f)) {}
    void Complete(bool) override {
      const std::unique_ptr<Call> self(this);
      function_();
    }

   private:
    F function_;
  };
  Post(std::make_unique<Call>(std::move(function)).release());
}

template <typename T>
T EventLoop::RunUntilComplete(Task<T> task) {
  class Flag final : public detail::Continuation {
   public:
    std::coroutine_handle<> Done() noexcept override {
      done = true;
      return std::noop_coroutine();
    }
    bool done = false;
  };
  thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  Flag flag;
  BeginStep(activity());
  task.Start(&flag);
  EndStep();
  while (!flag.done && RunOnce()) {
  }
  Uncork();
  assert(flag.done);
  return task.Take();
}

}  // namespace gather::async

#endif  // GATHER_SERVER_ASYNC_EVENT_LOOP_H_
