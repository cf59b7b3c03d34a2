// A reader of a stream that is slow, or does not read at all.

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gather/aggregator/v1/aggregator.grpc.pb.h"
#include "gather/order/v1/order.grpc.pb.h"
#include "gather/product/v1/product.grpc.pb.h"
#include "gather/user/v1/user.grpc.pb.h"
#include "server/aggregator/service.h"
#include "server/rpc/channel.h"
#include "server/rpc/server.h"
#include "tests/support/aggregator_fixture.h"
#include "tests/support/gate.h"

namespace gather::testing {
namespace {

using namespace std::chrono_literals;
using aggregator::v1::StreamOverviewResponse;
using order::v1::OrderService;
using product::v1::ProductService;
using user::v1::UserService;

// Three of these are far more than gRPC buffers for a reader that does not
// read, which is about one message.
constexpr std::size_t kReplyBytes = 3'500'000;

std::string LongText() { return std::string(kReplyBytes, 'x'); }

async::Task<grpc::Status> GetUser(rpc::ServerCall&,
                                  const user::v1::GetUserRequest& request,
                                  user::v1::GetUserResponse* response) {
  response->mutable_user()->set_id(request.user_id());
  response->mutable_user()->set_display_name(LongText());
  co_return grpc::Status::OK;
}

async::Task<grpc::Status> ListOrders(
    rpc::ServerCall&, const order::v1::ListOrdersRequest& request,
    order::v1::ListOrdersResponse* response) {
  response->set_user_id(request.user_id());
  response->add_orders()->set_id(LongText());
  co_return grpc::Status::OK;
}

async::Task<grpc::Status> ListProducts(
    rpc::ServerCall&,
    const product::v1::ListRecommendedProductsRequest& request,
    product::v1::ListRecommendedProductsResponse* response) {
  response->set_user_id(request.user_id());
  response->add_products()->set_description(LongText());
  co_return grpc::Status::OK;
}

// Counts calls that ended, with the code of the last.
class Ends final : public rpc::CallObserver {
 public:
  void OnEnd(const rpc::ServerCall&, const grpc::Status& status) override {
    code_ = status.error_code();
    ended_.Add();
  }
  grpc::StatusCode Wait() {
    EXPECT_TRUE(ended_.WaitFor(1));
    return code_;
  }

 private:
  std::atomic<grpc::StatusCode> code_{grpc::StatusCode::OK};
  EventCounter ended_;
};

// An aggregator of which every section is large.
class SlowReaderTest : public ::testing::Test {
 protected:
  void Start(std::chrono::milliseconds send_timeout) {
    backend_.AddUnary("gather.user.v1.UserService/GetUser", users_,
                      &UserService::AsyncService::RequestGetUser, GetUser);
    backend_.AddUnary("gather.order.v1.OrderService/ListOrders", orders_,
                      &OrderService::AsyncService::RequestListOrders,
                      ListOrders);
    backend_.AddUnary(
        "gather.product.v1.ProductService/ListRecommendedProducts", products_,
        &ProductService::AsyncService::RequestListRecommendedProducts,
        ListProducts);
    ASSERT_TRUE(backend_.Start().ok());
    const auto channel =
        rpc::MakeChannel(absl::StrCat("127.0.0.1:", backend_.port()),
                         grpc::InsecureChannelCredentials());
    service_ = std::make_unique<aggregator::AggregatorService>(
        OverviewCatalog(),
        fanout::Channels(OverviewCatalog().sections.size(), channel),
        fanout::Settings{.total_timeout = kPatience,
                         .policy = {.section_timeout = kPatience}},
        1);
    rpc::ServerOptions options;
    options.send_timeout = send_timeout;
    options.observer = &ends_;
    server_ = std::make_unique<rpc::Server>(options);
    service_->AddTo(*server_);
    ASSERT_TRUE(server_->Start().ok());
    stub_ = aggregator::v1::AggregatorService::NewStub(
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", server_->port()),
                            grpc::InsecureChannelCredentials()));
    request_.set_user_id("u-1");
  }

  aggregator::v1::StreamOverviewRequest request_;
  std::unique_ptr<aggregator::v1::AggregatorService::Stub> stub_;
  Ends ends_;

 private:
  UserService::AsyncService users_;
  OrderService::AsyncService orders_;
  ProductService::AsyncService products_;
  rpc::Server backend_{rpc::ServerOptions()};
  std::unique_ptr<aggregator::AggregatorService> service_;
  std::unique_ptr<rpc::Server> server_;
};

TEST_F(SlowReaderTest, ReaderThatNeverReadsIsCutOff) {
  ASSERT_NO_FATAL_FAILURE(Start(300ms));
  grpc::ClientContext context;  // no deadline: the server's limit ends it
  const auto reader = stub_->StreamOverview(&context, request_);
  EXPECT_EQ(ends_.Wait(), grpc::StatusCode::CANCELLED);
  context.TryCancel();
  EXPECT_FALSE(reader->Finish().ok());
}

TEST_F(SlowReaderTest, ReaderThatReadsLateGetsAll) {
  ASSERT_NO_FATAL_FAILURE(Start(kPatience));
  grpc::ClientContext context;
  const auto reader = stub_->StreamOverview(&context, request_);
  // The headers come with the first section: the others wait from here on.
  reader->WaitForInitialMetadata();
  StreamOverviewResponse part;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(reader->Read(&part));
    EXPECT_GT(part.ByteSizeLong(), kReplyBytes);
  }
  ASSERT_TRUE(reader->Read(&part));
  EXPECT_TRUE(part.summary().complete());
  EXPECT_TRUE(reader->Finish().ok());
}

}  // namespace
}  // namespace gather::testing
