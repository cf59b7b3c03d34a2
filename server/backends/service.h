#ifndef GATHER_SERVER_BACKENDS_SERVICE_H_
#define GATHER_SERVER_BACKENDS_SERVICE_H_

#include <functional>
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

// What makes a table a gRPC service: its generated class and its one method.
struct UserRole {
  using Table = UserTable;
  using Service = user::v1::UserService::AsyncService;
  using Request = user::v1::GetUserRequest;
  using Response = user::v1::GetUserResponse;
  static constexpr char kMethod[] = "gather.user.v1.UserService/GetUser";
  static constexpr auto kRequestCall = &Service::RequestGetUser;
};

struct OrderRole {
  using Table = OrderTable;
  using Service = order::v1::OrderService::AsyncService;
  using Request = order::v1::ListOrdersRequest;
  using Response = order::v1::ListOrdersResponse;
  static constexpr char kMethod[] = "gather.order.v1.OrderService/ListOrders";
  static constexpr auto kRequestCall = &Service::RequestListOrders;
};

struct ProductRole {
  using Table = ProductTable;
  using Service = product::v1::ProductService::AsyncService;
  using Request = product::v1::ListRecommendedProductsRequest;
  using Response = product::v1::ListRecommendedProductsResponse;
  static constexpr char kMethod[] =
      "gather.product.v1.ProductService/ListRecommendedProducts";
  static constexpr auto kRequestCall = &Service::RequestListRecommendedProducts;
};

// A service that answers from a table, with faults to order.
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
    server.AddUnary(Role::kMethod, service_, Role::kRequestCall,
                    std::bind_front(&BackendService::Answer, this));
  }

 private:
  async::Task<grpc::Status> Answer(rpc::ServerCall& call,
                                   const typename Role::Request& request,
                                   typename Role::Response* response) {
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
