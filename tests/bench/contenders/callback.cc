// gRPC's callback API: a reactor a call, three callbacks on gRPC's threads.

#include <grpcpp/client_context.h>
#include <grpcpp/support/server_callback.h>

#include <array>
#include <atomic>

#include "tests/bench/contenders/common.h"

namespace gather::bench {
namespace {

// One overview. gRPC says with OnDone() when nothing refers to it any more.
class Overview final : public grpc::ServerUnaryReactor {
 public:
  Overview(grpc::CallbackServerContext& context, const Backends& backends,
           const GetOverviewRequest& request, GetOverviewResponse* response)
      : response_(response) {
    const auto deadline = BranchDeadline(context);
    for (grpc::ClientContext& call : calls_) call.set_deadline(deadline);
    user_request_ = UserRequest(request);
    orders_request_ = OrdersRequest(request);
    products_request_ = ProductsRequest(request);
    backends.user->async()->GetUser(&calls_[0], &user_request_,
                                    &answers_.user.reply,
                                    Callback(&answers_.user.status));
    backends.orders->async()->ListOrders(&calls_[1], &orders_request_,
                                         &answers_.orders.reply,
                                         Callback(&answers_.orders.status));
    backends.products->async()->ListRecommendedProducts(
        &calls_[2], &products_request_, &answers_.products.reply,
        Callback(&answers_.products.status));
  }

 private:
  std::function<void(grpc::Status)> Callback(grpc::Status* status) {
    return [this, status](grpc::Status outcome) {
      *status = std::move(outcome);
      if (pending_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
      Merge(&answers_, response_);
      Finish(grpc::Status::OK);
    };
  }

  void OnCancel() override {
    for (grpc::ClientContext& call : calls_) call.TryCancel();
  }

  void OnDone() override { delete this; }

  GetOverviewResponse* const response_;
  GetUserRequest user_request_;
  ListOrdersRequest orders_request_;
  ListRecommendedProductsRequest products_request_;
  std::array<grpc::ClientContext, 3> calls_;
  Answers answers_;
  std::atomic<int> pending_{3};
};

class Service final : public AggregatorService::CallbackService {
 public:
  grpc::ServerUnaryReactor* GetOverview(
      grpc::CallbackServerContext* context, const GetOverviewRequest* request,
      GetOverviewResponse* response) override {
    return new Overview(*context, backends_, *request, response);
  }

 private:
  const Backends backends_{PlainChannel};
};

}  // namespace
}  // namespace gather::bench

int main(int argc, char** argv) {
  gather::bench::Begin(argc, argv);
  gather::bench::Service service;
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  return gather::bench::Serve(builder);
}
