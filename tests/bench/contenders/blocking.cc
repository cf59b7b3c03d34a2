// gRPC's synchronous server, a thread a call. With --concurrent the three
// backends are called at the same time, each from a thread of std::async, and
// without it one after the other.

#include <grpcpp/client_context.h>

#include <future>

#include "absl/flags/flag.h"
#include "tests/bench/contenders/common.h"

ABSL_FLAG(bool, concurrent, true, "call the backends at the same time");

namespace gather::bench {
namespace {

class Service final : public AggregatorService::Service {
 public:
  explicit Service(bool concurrent)
      : launch_(concurrent ? std::launch::async : std::launch::deferred) {}

  grpc::Status GetOverview(grpc::ServerContext* context,
                           const GetOverviewRequest* request,
                           GetOverviewResponse* response) override {
    Answers answers;
    std::future<void> user = std::async(launch_, [&] {
      grpc::ClientContext call;
      call.set_deadline(BranchDeadline(*context));
      answers.user.status = backends_.user->GetUser(
          &call, UserRequest(*request), &answers.user.reply);
    });
    std::future<void> orders = std::async(launch_, [&] {
      grpc::ClientContext call;
      call.set_deadline(BranchDeadline(*context));
      answers.orders.status = backends_.orders->ListOrders(
          &call, OrdersRequest(*request), &answers.orders.reply);
    });
    std::future<void> products = std::async(launch_, [&] {
      grpc::ClientContext call;
      call.set_deadline(BranchDeadline(*context));
      answers.products.status = backends_.products->ListRecommendedProducts(
          &call, ProductsRequest(*request), &answers.products.reply);
    });
    user.get();
    orders.get();
    products.get();
    Merge(&answers, response);
    return grpc::Status::OK;
  }

 private:
  const std::launch launch_;
  const Backends backends_{PlainChannel};
};

}  // namespace
}  // namespace gather::bench

int main(int argc, char** argv) {
  gather::bench::Begin(argc, argv);
  gather::bench::Service service(absl::GetFlag(FLAGS_concurrent));
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  return gather::bench::Serve(builder);
}
