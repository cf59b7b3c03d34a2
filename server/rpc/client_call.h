#ifndef GATHER_SERVER_RPC_CLIENT_CALL_H_
#define GATHER_SERVER_RPC_CLIENT_CALL_H_

#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/support/async_unary_call.h>

#include <cassert>
#include <coroutine>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/async/clock.h"
#include "server/async/completion.h"
#include "server/async/counter.h"
#include "server/async/event_loop.h"
#include "server/rpc/call_stats.h"
#include "server/rpc/watched_reader.h"

namespace gather::rpc {

struct CallOptions {
  // When the call is given up with DEADLINE_EXCEEDED. Always set one: gRPC's
  // own default is to wait for ever.
  async::Clock::time_point deadline;

  // Cancels the call with CANCELLED.
  std::stop_token stop;

  // Counts the call, where not null. The loop's own; must outlive the await.
  CallStats* stats = nullptr;

  // Where not null, the call is watched (watched_reader.h), and how long it
  // waited to be sent is added. The loop's own; must outlive the await. A stub
  // that can't prepare a watched call ignores it.
  async::Histogram* send_wait = nullptr;
};

// Who made the status that a call ended with: the code alone does not say.
enum class CallEnd {
  kReplied,          // OK, with a reply that was parsed
  kAnswered,         // the other side answered with this status
  kFailed,           // gRPC on this side: no connection, the deadline, a stop
  kReplyUnreadable,  // the reply can't be parsed
  kReplyTooLarge,    // the reply is larger than the channel takes
  kNeverSent,        // the deadline passed before it had a stream, if watched
};

// How a unary call ended, given the `ok` of its tag. A status of OK is not
// enough: a reply that can't be parsed arrives as ok=false with it.
CallEnd EndOf(bool ok, const grpc::Status& status,
              const grpc::ClientContext& context);

// The status to hand on of a call that ended so.
absl::Status StatusOf(CallEnd end, const grpc::Status& status);

// One unary call, awaited:
//
//   UnaryCall call(loop, *stub, &UserService::Stub::PrepareAsyncGetUser,
//                  request, {.deadline = deadline, .stop = stop});
//   absl::StatusOr<GetUserResponse> reply = co_await call;
//
// A reply that arrived with no message in it is OK and empty here (gRPC 1.51
// can't tell): check that the answer is the one that was asked for. Where the
// outcome is not OK, end() says whose word that is.
//
// Thread: the loop's; the stop may come from any.
// Lifetime: the request is copied into gRPC's buffers when the await starts;
// `stub` must outlive the await. Awaited at most once.
template <typename Stub, typename Request, typename Response>
class [[nodiscard]] UnaryCall final : public async::Completion {
 public:
  using Prepare = std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> (
      Stub::*)(grpc::ClientContext*, const Request&, grpc::CompletionQueue*);

  UnaryCall(async::EventLoop& loop, Stub& stub, Prepare prepare,
            const Request& request, CallOptions options)
      : loop_(loop),
        stub_(stub),
        prepare_(prepare),
        request_(request),
        stats_(options.stats),
        send_wait_(options.send_wait),
        stop_(std::move(options.stop)) {
    context_.set_deadline(async::ToTimespec(options.deadline));
  }

  // What the call is made with, to add metadata to before the await.
  grpc::ClientContext& context() { return context_; }

  bool await_ready() noexcept {
    start_ = async::Clock::now();
    return stop_.stop_requested();
  }

  void await_suspend(std::coroutine_handle<> waiter) {
    assert(loop_.IsCurrentThread());
    waiter_ = waiter;
    set_activity(loop_.activity());
    if (stats_ != nullptr) stats_->OnStart();
    Start();
    started_ = true;
    // Cancel, then await: the tag still comes, and only it ends the await.
    on_stop_.emplace(std::move(stop_), Cancel(&context_));
  }

  absl::StatusOr<Response> await_resume() {
    end_at_ = async::Clock::now();
    if (!started_) return absl::CancelledError("cancelled before the call");
    end_ = EndOf(ok_, status_, context_);
    if (watched_ != nullptr) NoteSendWait();
    absl::Status outcome = StatusOf(end_, status_);
    if (stats_ != nullptr) {
      stats_->OnEnd(static_cast<int>(outcome.code()), end_at_ - start_);
    }
    if (!outcome.ok()) return outcome;
    return std::move(response_);
  }

  // Once awaited; the times are those of the await.
  CallEnd end() const { return end_; }
  async::Clock::time_point start() const { return start_; }
  async::Clock::time_point end_at() const { return end_at_; }

 private:
  class Cancel {
   public:
    explicit Cancel(grpc::ClientContext* context) : context_(context) {}
    void operator()() { context_->TryCancel(); }

   private:
    grpc::ClientContext* context_;
  };

  void Start() {
    if constexpr (requires { &Stub::PrepareWatched; }) {
      if (send_wait_ != nullptr) {
        watched_ = std::make_unique<WatchedReader<Response>>(
            stub_.PrepareWatched(&context_, request_, loop_.queue()));
        watched_->Start(&response_, &status_, *this);
        return;
      }
    }
    reader_ = (stub_.*prepare_)(&context_, request_, loop_.queue());
    reader_->StartCall();
    reader_->Finish(&response_, &status_, tag());
  }

  void NoteSendWait() {
    const auto sent_at = watched_->sent_at();
    send_wait_->Add(sent_at.value_or(end_at_) - start_);
    const bool late =
        status_.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
    if (!sent_at && late) end_ = CallEnd::kNeverSent;
  }

  void Complete(bool ok) override {
    ok_ = ok;
    on_stop_.reset();
    waiter_.resume();
  }

  async::EventLoop& loop_;
  Stub& stub_;
  const Prepare prepare_;
  const Request& request_;
  CallStats* const stats_;
  async::Histogram* const send_wait_;
  std::stop_token stop_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> reader_;
  std::unique_ptr<WatchedReader<Response>> watched_;  // instead of reader_
  Response response_;
  grpc::Status status_;
  std::optional<std::stop_callback<Cancel>> on_stop_;
  std::coroutine_handle<> waiter_;
  async::Clock::time_point start_;
  async::Clock::time_point end_at_;
  CallEnd end_ = CallEnd::kFailed;
  bool started_ = false;
  bool ok_ = false;
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_CLIENT_CALL_H_
