#ifndef GATHER_SERVER_BACKENDS_SERVICE_H_
#define GATHER_SERVER_BACKENDS_SERVICE_H_

#include <random>
#include <utility>
#include <vector>

#include "gather/order/v1/order.grpc.pb.h"
#include "gather/product/v1/product.grpc.pb.h"
#include "gather/user/v1/user.grpc.pb.h"
#include "server/async/task.h"
#include "server/backends/dataset.h"
#include "server/backends/faults.h"
#include "server/rpc/server.h"
#include "server/rpc/status.h"

namespace gather::backends {

// What makes a table a gRPC service: its generated class and its methods.
// `add` is told of each its name, and what requests a call of it.
struct UserRole {
  using Table = UserTable;
  using Service = user::v1::UserService::AsyncService;
  static void ForEachMethod(auto&& add) {
    add("gather.user.v1.UserService/GetUser", &Service::RequestGetUser);
  }
};

struct OrderRole {
  using Table = OrderTable;
  using Service = order::v1::OrderService::AsyncService;
  static void ForEachMethod(auto&& add) {
    add("gather.order.v1.OrderService/ListOrders", &Service::RequestListOrders);
  }
};

struct ProductRole {
  using Table = ProductTable;
  using Service = product::v1::ProductService::AsyncService;
  static void ForEachMethod(auto&& add) {
    add("gather.product.v1.ProductService/ListRecommendedProducts",
        &Service::RequestListRecommendedProducts);
    add("gather.product.v1.ProductService/BatchGetProducts",
        &Service::RequestBatchGetProducts);
  }
};

// A service that answers from a table, with the same faults to order in all of
// its methods.
//
// Thread: handlers run on the server's loops. Lifetime: must outlive the server
// that it is added to.
template <typename Role>
class BackendService {
 public:
  // `event_loops` is that of the server.
  BackendService(typename Role::Table table, const Faults& faults,
                 int event_loops)
      : table_(std::move(table)) {
    std::random_device seed;
    for (int i = 0; i < event_loops; ++i) faults_.emplace_back(faults, seed());
  }

  void AddTo(rpc::Server& server) {
    Role::ForEachMethod([&](const char* method, auto request_call) {
      server.AddUnary(method, service_, request_call,
                      [this](auto& call, const auto& request, auto* response) {
                        return Answer(call, request, response);
                      });
    });
  }

 private:
  template <typename Request, typename Response>
  async::Task<grpc::Status> Answer(rpc::ServerCall& call,
                                   const Request& request, Response* response) {
    const absl::Status fault = co_await faults_[call.loop_index()].Apply(call);
    if (!fault.ok()) co_return rpc::ToGrpc(fault);
    co_return rpc::ToGrpc(table_.Answer(request, response));
  }

  const typename Role::Table table_;
  std::vector<FaultInjector> faults_;  // one a loop
  typename Role::Service service_;
};

}  // namespace gather::backends

#endif  // GATHER_SERVER_BACKENDS_SERVICE_H_
