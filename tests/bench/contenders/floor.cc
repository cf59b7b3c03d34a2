// What three calls and an answer cost at least on gRPC's completion queue: a
// state machine by hand, a queue and a thread a core, settings like ours. No
// coroutine, no look at the request or at whom a reply is for, no retry, no
// trace, no limit on requests in flight, and a caller that goes away goes
// unnoticed.

#include <grpc/grpc.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/support/async_unary_call.h>

#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "server/ops/process.h"
#include "server/rpc/channel.h"
#include "tests/bench/contenders/common.h"

namespace gather::bench {
namespace {

constexpr int kPosted = 64;  // requests that wait for a call, a loop

class Call;

// What comes out of the queue: which call goes on, and with what.
enum class Event { kArrived, kUser, kOrders, kProducts, kSent };
struct Tag {
  Call* call;
  Event event;
};

template <typename Reply>
struct Branch {
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientAsyncResponseReader<Reply>> reader;
};

// One thread's queue and its calls, which are used again and again.
class Loop {
 public:
  Loop(std::unique_ptr<grpc::ServerCompletionQueue> server_queue,
       AggregatorService::AsyncService* server_service,
       const Backends* server_backends)
      : service(*server_service),
        backends(*server_backends),
        queue(std::move(server_queue)) {}

  ~Loop() {
    queue->Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue->Next(&tag, &ok)) continue;
  }

  // Until the server has shut down and every call has ended.
  void Run();
  // Has a call wait for a request.
  void Post();
  void Release(Call* call) { free_.push_back(call); }

  AggregatorService::AsyncService& service;
  const Backends& backends;
  const std::unique_ptr<grpc::ServerCompletionQueue> queue;

 private:
  std::vector<std::unique_ptr<Call>> calls_;
  std::vector<Call*> free_;
};

class Call {
 public:
  explicit Call(Loop* loop) : loop_(*loop) {}

  void Post() {
    state_.emplace();
    loop_.service.RequestGetOverview(&state_->context, &state_->request,
                                     &state_->responder, loop_.queue.get(),
                                     loop_.queue.get(), &arrived_);
  }

  void Complete(Event event, bool ok) {
    switch (event) {
      case Event::kArrived:
        if (!ok) break;  // the server shuts down
        loop_.Post();
        return FanOut();
      case Event::kUser:
        return Join(ok, &state_->answers.user.status);
      case Event::kOrders:
        return Join(ok, &state_->answers.orders.status);
      case Event::kProducts:
        return Join(ok, &state_->answers.products.status);
      case Event::kSent:
        break;
    }
    state_.reset();
    loop_.Release(this);
  }

 private:
  struct State {
    grpc::ServerContext context;
    GetOverviewRequest request;
    GetOverviewResponse response;
    grpc::ServerAsyncResponseWriter<GetOverviewResponse> responder{&context};
    Answers answers;
    Branch<GetUserResponse> user;
    Branch<ListOrdersResponse> orders;
    Branch<ListRecommendedProductsResponse> products;
    int pending = 3;
  };

  void FanOut() {
    const auto deadline = BranchDeadline(state_->context);
    auto& [user, orders, products] = state_->answers;
    const GetOverviewRequest& request = state_->request;
    grpc::CompletionQueue* const queue = loop_.queue.get();

    state_->user.context.set_deadline(deadline);
    state_->user.reader = loop_.backends.user->AsyncGetUser(
        &state_->user.context, UserRequest(request), queue);
    state_->user.reader->Finish(&user.reply, &user.status, &user_);

    state_->orders.context.set_deadline(deadline);
    state_->orders.reader = loop_.backends.orders->AsyncListOrders(
        &state_->orders.context, OrdersRequest(request), queue);
    state_->orders.reader->Finish(&orders.reply, &orders.status, &orders_);

    state_->products.context.set_deadline(deadline);
    state_->products.reader =
        loop_.backends.products->AsyncListRecommendedProducts(
            &state_->products.context, ProductsRequest(request), queue);
    state_->products.reader->Finish(&products.reply, &products.status,
                                    &products_);
  }

  void Join(bool ok, grpc::Status* status) {
    // A reply that can't be parsed comes with a status of OK.
    if (!ok && status->ok()) {
      *status = grpc::Status(grpc::StatusCode::INTERNAL, "unreadable reply");
    }
    if (--state_->pending > 0) return;
    Merge(&state_->answers, &state_->response);
    state_->responder.Finish(state_->response, grpc::Status::OK, &sent_);
  }

  Loop& loop_;
  std::optional<State> state_;
  Tag arrived_{this, Event::kArrived};
  Tag user_{this, Event::kUser};
  Tag orders_{this, Event::kOrders};
  Tag products_{this, Event::kProducts};
  Tag sent_{this, Event::kSent};
};

void Loop::Post() {
  if (free_.empty()) {
    free_.push_back(calls_.emplace_back(std::make_unique<Call>(this)).get());
  }
  Call* const call = free_.back();
  free_.pop_back();
  call->Post();
}

void Loop::Run() {
  for (int i = 0; i < kPosted; ++i) Post();
  void* tag = nullptr;
  bool ok = false;
  // While the server is up, some calls wait for requests.
  while (free_.size() < calls_.size() && queue->Next(&tag, &ok)) {
    const auto* const to = static_cast<const Tag*>(tag);
    to->call->Complete(to->event, ok);
  }
}

int Main() {
  ops::PrepareProcess();
  const Backends backends([](const std::string& target) {
    return rpc::MakeChannel(target, grpc::InsecureChannelCredentials());
  });
  AggregatorService::AsyncService service;
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  builder.AddChannelArgument(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET,
                             1);
  std::vector<std::unique_ptr<Loop>> loops;
  for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i) {
    loops.push_back(std::make_unique<Loop>(builder.AddCompletionQueue(),
                                           &service, &backends));
  }
  std::vector<std::jthread> threads;
  return Serve(
      builder,
      [&](grpc::Server&) {
        for (const auto& loop : loops) {
          threads.emplace_back([&loop = *loop] { loop.Run(); });
        }
      },
      [&] { threads.clear(); });
}

}  // namespace
}  // namespace gather::bench

int main(int argc, char** argv) {
  gather::bench::Begin(argc, argv);
  return gather::bench::Main();
}
