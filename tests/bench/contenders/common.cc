#include "tests/bench/contenders/common.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/time/time.h"

ABSL_FLAG(std::string, listen, "127.0.0.1:0", "address to serve on");
ABSL_FLAG(std::string, port_file, "", "file to write the port to");
ABSL_FLAG(std::string, user_target, "", "where the user backend is");
ABSL_FLAG(std::string, order_target, "", "where the order backend is");
ABSL_FLAG(std::string, product_target, "", "where the product backend is");
ABSL_FLAG(absl::Duration, section_timeout, absl::Seconds(3),
          "how long one section's call may take");
ABSL_FLAG(absl::Duration, total_timeout, absl::Seconds(5),
          "how long a request may take whose caller set no deadline");

namespace gather::bench {
namespace {

using std::chrono::system_clock;

// Kept of the caller's time for the answer.
constexpr std::chrono::milliseconds kReserve(100);

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

// Written aside and renamed: a reader sees the whole number or no file.
bool WritePort(const std::string& path, int port) {
  if (path.empty()) return true;
  std::ofstream file(path + ".tmp");
  file << port << '\n';
  file.close();
  return !file.fail() &&
         std::rename((path + ".tmp").c_str(), path.c_str()) == 0;
}

// True where the section arrived.
bool FillStatus(const grpc::Status& status,
                fanout::v1::SectionStatus* section) {
  section->set_state(status.ok() ? fanout::v1::SECTION_STATE_OK
                                 : fanout::v1::SECTION_STATE_FAILED);
  section->set_code(status.error_code());
  if (!status.ok()) section->set_reason("BACKEND_ERROR");
  section->set_attempts(1);
  return status.ok();
}

}  // namespace

std::shared_ptr<grpc::Channel> PlainChannel(const std::string& target) {
  return grpc::CreateChannel(target, grpc::InsecureChannelCredentials());
}

Backends::Backends(const MakeChannel& make_channel)
    : user(
          UserService::NewStub(make_channel(absl::GetFlag(FLAGS_user_target)))),
      orders(OrderService::NewStub(
          make_channel(absl::GetFlag(FLAGS_order_target)))),
      products(ProductService::NewStub(
          make_channel(absl::GetFlag(FLAGS_product_target)))) {}

GetUserRequest UserRequest(const GetOverviewRequest& overview) {
  GetUserRequest request;
  request.set_user_id(overview.user_id());
  return request;
}

ListOrdersRequest OrdersRequest(const GetOverviewRequest& overview) {
  ListOrdersRequest request;
  request.set_user_id(overview.user_id());
  request.set_page_size(overview.order_page_size());
  return request;
}

ListRecommendedProductsRequest ProductsRequest(
    const GetOverviewRequest& overview) {
  ListRecommendedProductsRequest request;
  request.set_user_id(overview.user_id());
  request.set_page_size(overview.product_page_size());
  return request;
}

system_clock::time_point BranchDeadline(
    const grpc::ServerContextBase& context) {
  static const auto kSection =
      absl::ToChronoMilliseconds(absl::GetFlag(FLAGS_section_timeout));
  static const auto kTotal =
      absl::ToChronoMilliseconds(absl::GetFlag(FLAGS_total_timeout));
  const auto now = system_clock::now();
  // A call without a deadline has one that is centuries away.
  const auto caller = std::min(context.deadline(), now + kTotal);
  return std::min(now + kSection, caller - kReserve);
}

void Merge(Answers* answers, GetOverviewResponse* response) {
  auto& [user, orders, products] = *answers;
  bool complete = true;
  auto* const user_section = response->mutable_user();
  if (FillStatus(user.status, user_section->mutable_status())) {
    user_section->mutable_user()->Swap(user.reply.mutable_user());
  } else {
    complete = false;
  }
  auto* const orders_section = response->mutable_orders();
  if (FillStatus(orders.status, orders_section->mutable_status())) {
    orders_section->mutable_orders()->Swap(orders.reply.mutable_orders());
    orders_section->set_next_page_token(
        std::move(*orders.reply.mutable_next_page_token()));
    orders_section->set_total_size(orders.reply.total_size());
  } else {
    complete = false;
  }
  auto* const products_section = response->mutable_products();
  if (FillStatus(products.status, products_section->mutable_status())) {
    products_section->mutable_products()->Swap(
        products.reply.mutable_products());
  } else {
    complete = false;
  }
  response->set_complete(complete);
}

int Serve(grpc::ServerBuilder& builder,
          const std::function<void(grpc::Server&)>& start,
          const std::function<void()>& join) {
  int port = 0;
  builder.AddListeningPort(absl::GetFlag(FLAGS_listen),
                           grpc::InsecureServerCredentials(), &port);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    std::cerr << "can't listen on " << absl::GetFlag(FLAGS_listen) << '\n';
    return 1;
  }
  if (start) start(*server);
  if (!WritePort(absl::GetFlag(FLAGS_port_file), port)) {
    std::cerr << "can't write --port_file\n";
    return 1;
  }
  const sigset_t signals = StopSignals();
  int signal = 0;
  sigwait(&signals, &signal);
  server->Shutdown(system_clock::now() + std::chrono::seconds(1));
  if (join) join();
  return 0;
}

void Begin(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace gather::bench
