#ifndef GATHER_TESTS_BENCH_CONTENDERS_COMMON_H_
#define GATHER_TESTS_BENCH_CONTENDERS_COMMON_H_

#include <grpcpp/channel.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "gather/aggregator/v1/aggregator.grpc.pb.h"
#include "gather/order/v1/order.grpc.pb.h"
#include "gather/product/v1/product.grpc.pb.h"
#include "gather/user/v1/user.grpc.pb.h"

// What the contenders in C++ share, so that each file shows one way to fan out
// and nothing else: flags, deadlines, requests, and one answer of three.
namespace gather::bench {

using AggregatorService = aggregator::v1::AggregatorService;
using aggregator::v1::GetOverviewRequest;
using aggregator::v1::GetOverviewResponse;
using order::v1::ListOrdersRequest;
using order::v1::ListOrdersResponse;
using order::v1::OrderService;
using product::v1::ListRecommendedProductsRequest;
using product::v1::ListRecommendedProductsResponse;
using product::v1::ProductService;
using user::v1::GetUserRequest;
using user::v1::GetUserResponse;
using user::v1::UserService;

// Makes the channel to one backend: `PlainChannel`, or one with settings.
using MakeChannel =
    std::function<std::shared_ptr<grpc::Channel>(const std::string& target)>;
std::shared_ptr<grpc::Channel> PlainChannel(const std::string& target);

// The three backends of the flags. Thread: any, as stubs are.
struct Backends {
  explicit Backends(const MakeChannel& make_channel);

  std::unique_ptr<UserService::Stub> user;
  std::unique_ptr<OrderService::Stub> orders;
  std::unique_ptr<ProductService::Stub> products;
};

// What one backend said.
template <typename Reply>
struct Answer {
  grpc::Status status;
  Reply reply;
};
struct Answers {
  Answer<GetUserResponse> user;
  Answer<ListOrdersResponse> orders;
  Answer<ListRecommendedProductsResponse> products;
};

GetUserRequest UserRequest(const GetOverviewRequest& overview);
ListOrdersRequest OrdersRequest(const GetOverviewRequest& overview);
ListRecommendedProductsRequest ProductsRequest(
    const GetOverviewRequest& overview);

// When the backends' calls are given up: after --section_timeout, or a little
// before the caller gives up.
std::chrono::system_clock::time_point BranchDeadline(
    const grpc::ServerContextBase& context);

// One answer of three: a call that failed costs its own section. Takes the
// payloads out of `answers`.
void Merge(Answers* answers, GetOverviewResponse* response);

// The program: listens as the flags say, has `start` run once the server is up,
// writes the port, and serves until SIGTERM; then `join` has to wait for
// threads that use the server. `builder` has its services. Returns the exit
// code.
int Serve(grpc::ServerBuilder& builder,
          const std::function<void(grpc::Server&)>& start = {},
          const std::function<void()>& join = {});

// Parses the flags, and keeps SIGTERM for Serve(). First in main.
void Begin(int argc, char** argv);

}  // namespace gather::bench

#endif  // GATHER_TESTS_BENCH_CONTENDERS_COMMON_H_
